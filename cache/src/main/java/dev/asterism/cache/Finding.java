package dev.asterism.cache;

import dev.asterism.content.Digest;
import java.nio.file.Path;

/// Something in the store that is not as it should be. Immutable.
public sealed interface Finding {
  /// Returns where it is.
  Path path();

  /// Tells whether it was put right.
  boolean repaired();

  /// Returns what is wrong, in a few words.
  String text();

  /// A file that does not hash to its name.
  record WrongBytes(Path path, Digest digest, Digest actual, boolean repaired) implements Finding {
    @Override
    public String text() {
      return "its bytes hash to " + actual;
    }
  }

  /// A file without bytes, which no digest of the store has.
  record Empty(Path path, Digest digest, boolean repaired) implements Finding {
    @Override
    public String text() {
      return "it has no bytes";
    }
  }

  /// A file that somebody could write to.
  record Writable(Path path, int mode, boolean repaired) implements Finding {
    @Override
    public String text() {
      return "mode %03o lets it be written to".formatted(mode & 0777);
    }
  }

  /// Something that the store did not put there. It is never removed.
  record Stranger(Path path) implements Finding {
    @Override
    public boolean repaired() {
      return false;
    }

    @Override
    public String text() {
      return "it is not the store's";
    }
  }

  /// A file of a layer that stands under no digest.
  record StaleLink(Path path, Digest layer, boolean repaired) implements Finding {
    @Override
    public String text() {
      return "it stands under no digest";
    }
  }

  /// A name in `fresh` of another file than the one under the digest.
  record OrphanFresh(Path path, Digest digest, boolean repaired) implements Finding {
    @Override
    public String text() {
      return "it is another file than the one under its digest";
    }
  }

  /// A file with names that are not in the store: they keep its bytes on the disk when it goes.
  record ForeignLinks(Path path, long known, long links) implements Finding {
    @Override
    public boolean repaired() {
      return false;
    }

    @Override
    public String text() {
      return "it has %d names, %d of them in the store".formatted(links, known);
    }
  }

  /// A file whose digest the index does not know, or with another size; or a layer's link that it
  /// does not know to hold this digest.
  record NotKnown(Path path, Digest digest, boolean repaired) implements Finding {
    @Override
    public String text() {
      return "the index does not know it as it is";
    }
  }

  /// A digest that the index knows, and no file stands under; or a key that has no link to it.
  ///
  /// @param path where it would stand
  record Lost(Path path, Digest digest, boolean repaired) implements Finding {
    @Override
    public String text() {
      return "the index knows it, and it is not there";
    }
  }

  /// A file that cannot be read.
  record Unreadable(Path path, String cause, boolean repaired) implements Finding {
    @Override
    public String text() {
      return "it cannot be read: " + cause;
    }
  }
}
