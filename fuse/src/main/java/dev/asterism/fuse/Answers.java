package dev.asterism.fuse;

import dev.asterism.fuse.wire.Attr;
import dev.asterism.fuse.wire.AttrOut;
import dev.asterism.fuse.wire.EntryOut;
import dev.asterism.fuse.wire.StatfsOut;
import java.time.Duration;

/// What the file system said, as the kernel's structs.
final class Answers {
  /// No such name, and ask again next time.
  static final Entry NOTHING = Entry.absent(Duration.ZERO);

  /// `FUSE_NAME_MAX` is 1024, but every file system that a name comes from has 255.
  private static final int NAME_MAX = 255;

  private Answers() {}

  static EntryOut entryOut(Entry entry) {
    return new EntryOut(
        entry.node(),
        entry.generation(),
        entry.entryTimeout(),
        entry.attrTimeout(),
        attr(entry.attributes()));
  }

  static AttrOut attrOut(CachedAttributes cached) {
    return new AttrOut(cached.timeout(), attr(cached.attributes()));
  }

  static StatfsOut statfsOut(Statfs statfs) {
    return new StatfsOut(
        statfs.blocks(),
        statfs.blocksFree(),
        statfs.blocksFree(),
        statfs.files(),
        statfs.filesFree(),
        statfs.blockSize(),
        NAME_MAX,
        statfs.blockSize());
  }

  private static Attr attr(Attributes attributes) {
    return new Attr(
        attributes.ino(),
        attributes.size(),
        attributes.blocks(),
        attributes.atime(),
        attributes.mtime(),
        attributes.ctime(),
        attributes.mode(),
        attributes.nlink(),
        attributes.uid(),
        attributes.gid(),
        attributes.rdev(),
        attributes.blksize());
  }
}
