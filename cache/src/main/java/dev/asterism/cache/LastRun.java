package dev.asterism.cache;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.util.List;

/// How the process that had the store before ended, and what of it can be trusted. For whoever has
/// the root to itself.
///
/// @param root locked
/// @param marker of that process, not of this one yet
record LastRun(CacheLayout layout, CacheDisk disk, CacheRoot root, RunMarker marker) {
  private static final System.Logger LOG = System.getLogger(LastRun.class.getName());

  /// Decides what of the last run can be trusted. After a stop of the machine no mount can see the
  /// directories yet. Where only this process is in another mount namespace than the last,
  /// containers may: what leaves `objects` under them they ask the gate for, which restores it.
  ///
  /// @param fresh gets what may not be on the disk yet
  /// @param doubtful gets what must be hashed before it is used
  /// @return whether layers may have links to what was wrong
  /// @throws IOException if a directory cannot be read or changed
  boolean settle(FreshLinks fresh, Doubtful doubtful) throws IOException {
    root.emptyWip();
    List<Digest> listed = root.fresh();
    RunMarker.LastStop stop = marker.lastStop();
    switch (stop) {
      case CLEAN, KILLED -> {
        for (Digest digest : listed) {
          listOrDrop(digest, fresh);
        }
      }
      case DOUBTFUL -> setAside(listed, doubtful);
    }
    doubtful.load();
    return stop == RunMarker.LastStop.DOUBTFUL;
  }

  /// Where the list may have lost names that were written before others which are there, it says
  /// nothing: then everything is in doubt.
  private void setAside(List<Digest> listed, Doubtful doubtful) throws IOException {
    boolean complete = disk.keepsOrder();
    if (!complete) {
      for (String fan : CacheLayout.FAN_OUT) {
        doubtful.remove(root.stored(fan));
      }
    }
    doubtful.setAside(listed);
    LOG.log(
        System.Logger.Level.WARNING,
        "cache was not closed, files to be hashed again files={0} root={1}",
        complete ? String.valueOf(listed.size()) : "all",
        layout.root());
  }

  /// A process that was killed may have published no more of a file than its first name.
  private void listOrDrop(Digest digest, FreshLinks fresh) throws IOException {
    if (disk.status(layout.object(digest)).isPresent()
        || disk.status(layout.part(digest)).isPresent()) {
      fresh.add(digest);
    } else {
      disk.unlink(layout.fresh(digest));
    }
  }
}
