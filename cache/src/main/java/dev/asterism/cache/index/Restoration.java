package dev.asterism.cache.index;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/// One reading of `links.json` and the journals behind it. Confined to one thread.
final class Restoration {
  private static final System.Logger LOG = System.getLogger(Restoration.class.getName());

  private final Path json;
  private final LinksDisk disk;
  private final LinksIndex index;
  private final Predicate<Digest> layerExists;
  private final List<String> troubles = new ArrayList<>();
  private final BooleanSupplier stopped;
  private long rows;
  private boolean missing;
  private boolean isStopped;

  Restoration(
      Path root,
      LinksDisk disk,
      LinksIndex index,
      Predicate<Digest> layerExists,
      BooleanSupplier stopped) {
    this.stopped = stopped;
    json = root.resolve("links.json");
    this.disk = disk;
    this.index = index;
    this.layerExists = layerExists;
  }

  /// Reads everything.
  ///
  /// @param journals in the order they were written
  /// @return whether all of it was whole
  boolean run(List<Path> journals) {
    try {
      readJson();
      journals.forEach(this::readJournal);
    } catch (CancellationException _) {
      isStopped = true;
      return false;
    }
    if (!troubles.isEmpty()) {
      LOG.log(
          System.Logger.Level.WARNING,
          "cache links restored in part, the rest is found on the disk rows={0} why=\"{1}\""
              + " path={2}",
          String.valueOf(rows),
          String.join("; ", troubles),
          json);
    } else if (missing && rows == 0) {
      LOG.log(System.Logger.Level.INFO, "cache without links file path={0}", json);
    } else {
      LOG.log(
          System.Logger.Level.INFO,
          "cache links restored rows={0} path={1}",
          String.valueOf(rows),
          json);
    }
    return troubles.isEmpty() && !(missing && rows == 0);
  }

  /// Tells whether it was stopped before the end.
  boolean isStopped() {
    return isStopped;
  }

  /// Tells whether the files should be written anew soon.
  boolean isOutdated() {
    return !troubles.isEmpty();
  }

  private void readJson() {
    Restoring into = new Restoring(index, layerExists, stopped);
    try {
      switch (LinksJson.read(json, into)) {
        case LinksJson.Found.Missing _ -> missing = true;
        case LinksJson.Found.Whole _ -> {}
        case LinksJson.Found.Torn(_, String why) -> troubles.add("torn: " + why);
        case LinksJson.Found.Newer(long version) -> {
          String aside = keepAside(json, ".version-" + version);
          troubles.add("version %d is newer than ours, kept as %s".formatted(version, aside));
        }
        case LinksJson.Found.Foreign(String why) ->
            troubles.add("not ours (%s), kept as %s".formatted(why, keepAside(json, ".foreign")));
      }
    } catch (IOException e) {
      troubles.add("unreadable: " + e);
    }
    count(into);
  }

  private void readJournal(Path journal) {
    Restoring into = new Restoring(index, layerExists, stopped);
    try {
      JournalReader.Found found = JournalReader.read(journal, into);
      if (found.version() != JournalWriter.VERSION) {
        String aside = keepAside(journal, ".version-" + found.version());
        troubles.add("journal of version %d, kept as %s".formatted(found.version(), aside));
      } else if (found.torn() > 0) {
        troubles.add("%d torn lines in %s".formatted(found.torn(), journal.getFileName()));
      }
    } catch (IOException e) {
      troubles.add("unreadable: " + e);
    }
    count(into);
  }

  private void count(Restoring from) {
    rows += from.rows();
    if (from.wrong() > 0) {
      troubles.add("%d rows make no sense".formatted(from.wrong()));
    }
  }

  /// Moves a file that we cannot read out of the way of the one that we write. One that has the
  /// name already stays: it is as good.
  private String keepAside(Path file, String suffix) {
    Path aside = file.resolveSibling(file.getFileName() + suffix);
    for (int i = 2; Files.exists(aside) && i < 10; i++) {
      aside = file.resolveSibling(file.getFileName() + suffix + "-" + i);
    }
    int errno = disk.rename(file.toString(), aside.toString());
    return errno == 0 ? aside.getFileName().toString() : "nothing: errno " + errno;
  }
}
