"""systemd's side of a service's file descriptor store, by its sockets (sd_notify(3), sd_listen_fds(3)).

  store  NOTIFY GIVE LOG     listens on NOTIFY as systemd does on $NOTIFY_SOCKET, keeps what is put into its store, and
                             gives it to whoever connects to GIVE; every message is a line of LOG
  launch NOTIFY GIVE CAPACITY COMMAND…
                             becomes COMMAND, with what the store has from descriptor 3 on; CAPACITY is $FDSTORE, which
                             systemd sets from version 254 on; 0: none
"""
import fcntl
import os
import selectors
import socket
import sys

FIRST = 3  # SD_LISTEN_FDS_START
MOST = 64


def store(notify, give, log):
    messages = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    messages.bind(notify)
    takers = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    takers.bind(give)
    takers.listen()
    kept = []
    select = selectors.DefaultSelector()
    select.register(messages, selectors.EVENT_READ)
    select.register(takers, selectors.EVENT_READ)
    with open(log, "a", buffering=1) as out:
        while True:
            for key, _ in select.select():
                if key.fileobj is messages:
                    text, descriptors, _, _ = socket.recv_fds(messages, 4096, MOST)
                    kept = told(text.decode(), descriptors, kept, out)
                else:
                    taker, _ = takers.accept()
                    names = ":".join(name for name, _ in kept)
                    try:
                        socket.send_fds(taker, [names.encode() + b"\n"], [fd for _, fd in kept])
                    except OSError:
                        pass  # it only wanted to know whether anybody is here
                    taker.close()


def told(text, descriptors, kept, out):
    fields = dict(line.split("=", 1) for line in text.splitlines())
    name = fields.get("FDNAME", "stored")
    out.write("%s descriptors=%d\n" % (text.replace("\n", " "), len(descriptors)))
    if fields.get("FDSTORE") == "1":
        return kept + [(name, fd) for fd in descriptors]
    if fields.get("FDSTOREREMOVE") == "1":
        for stored, fd in kept:
            if stored == name:
                os.close(fd)
        return [(stored, fd) for stored, fd in kept if stored != name]
    return kept


def launch(notify, give, capacity, command):
    taker = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    taker.connect(give)
    text, descriptors, _, _ = socket.recv_fds(taker, 4096, MOST)
    taker.close()
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, FIRST + MOST) for fd in descriptors]
    for number, fd in enumerate(high):
        os.dup2(fd, FIRST + number, inheritable=True)
    environment = dict(os.environ, NOTIFY_SOCKET=notify)
    if int(capacity) > 0:
        environment["FDSTORE"] = capacity
    if high:
        environment["LISTEN_FDS"] = str(len(high))
        environment["LISTEN_FDNAMES"] = text.decode().strip()
        environment["LISTEN_PID"] = str(os.getpid())
    os.execvpe(command[0], command, environment)


if sys.argv[1] == "store":
    store(*sys.argv[2:5])
else:
    launch(sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:])
