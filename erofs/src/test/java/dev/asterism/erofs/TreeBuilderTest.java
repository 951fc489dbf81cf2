package dev.asterism.erofs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TreeBuilderTest {
  private static final Attributes PLAIN = Attributes.of(0644, 1, 2, 100);
  private static final Attributes OTHER = Attributes.of(0751, 3, 4, 200);
  private static final Content CONTENT = Content.of(Digest.of(new byte[] {1}));

  @TempDir Path directory;

  private final TreeBuilder builder = new TreeBuilder();

  @Test
  void emptyFile_withoutParents_makesImplicitDirectories() throws IOException {
    builder.emptyFile(path("a/b/c"), PLAIN);

    assertThat(types()).isEqualTo(Map.of("a", "d", "a/b", "d", "a/b/c", "f"));
    assertThat(built().get("a/b"))
        .containsEntry("mode", "755")
        .containsEntry("owner", "0:0")
        .containsEntry("mtime", "0.0000000000");
  }

  @Test
  void emptyFile_withoutParentInSetGroupIdDirectory_makesDirectoryOfThatGroup() throws IOException {
    builder.directory(path("a"), Attributes.of(02755, 5, 7, 0));
    builder.emptyFile(path("a/b/c"), PLAIN);

    assertThat(built().get("a/b")).containsEntry("owner", "0:7").containsEntry("mode", "755");
  }

  @Test
  void entry_ofEveryType_keepsItsAttributes() throws IOException {
    builder.directory(path("d"), PLAIN);
    builder.regularFile(path("f"), PLAIN, 5, CONTENT);
    builder.symlink(path("l"), PLAIN, "target");
    builder.blockDevice(path("b"), PLAIN, 8, 300);
    builder.characterDevice(path("c"), PLAIN, 4095, 1048575);
    builder.fifo(path("p"), PLAIN);

    assertThat(types())
        .isEqualTo(Map.of("d", "d", "f", "f", "l", "l", "b", "b", "c", "c", "p", "p"));
    assertThat(built().values())
        .allSatisfy(file ->
            assertThat(file)
                .containsEntry("owner", "1:2")
                .containsEntry("mtime", "100.0000000000"));
    assertThat(built().get("l")).containsEntry("target", "target").containsEntry("mode", "777");
    assertThat(built().get("c")).containsEntry("device", "fff,fffff");
    assertThat(built().get("b")).containsEntry("device", "8,12c");
  }

  @Test
  void entry_ofANameThatIsThere_replacesIt() throws IOException {
    builder.symlink(path("x"), PLAIN, "target");
    builder.emptyFile(path("x"), PLAIN);
    builder.fifo(path("x"), OTHER);

    assertThat(built().get("x")).containsEntry("type", "p").containsEntry("owner", "3:4");
  }

  @Test
  void entry_overDirectory_takesItsChildrenAway() throws IOException {
    builder.emptyFile(path("a/b/c"), PLAIN);
    builder.emptyFile(path("a"), PLAIN);
    builder.directory(path("a"), PLAIN);

    assertThat(types()).isEqualTo(Map.of("a", "d"));
  }

  @Test
  void directory_overDirectory_keepsChildrenAndOlderXattrs() throws IOException {
    builder.directory(path("a"), with("user.old", "1", "user.both", "1"));
    builder.emptyFile(path("a/b"), PLAIN);
    builder.directory(path("a"), with("user.new", "2", "user.both", "2"));

    assertThat(types()).containsOnlyKeys("a", "a/b");
    assertThat(built().get("a"))
        .containsEntry("xattrs", "user.both=0x32 user.new=0x32 user.old=0x31");
  }

  @Test
  void directory_afterItsChildren_isNotImplicitAnyMore() throws IOException {
    builder.emptyFile(path("a/b"), PLAIN);
    builder.directory(path("a"), OTHER);

    assertThat(built().get("a")).containsEntry("mode", "751").containsEntry("owner", "3:4");
  }

  @Test
  void directory_root_changesNothing() throws IOException {
    builder.directory(path("./"), OTHER);
    builder.emptyFile(path("/./x/"), PLAIN);

    assertThat(types()).containsOnlyKeys("x");
    try (ErofsImage image = ErofsImage.open(write())) {
      assertThat(image.stat(image.root()).permissions()).isEqualTo(0755);
    }
  }

  @Test
  void entry_parentIsAFile_isRefused() throws IOException {
    builder.emptyFile(path("a"), PLAIN);

    assertMalformed(() -> builder.emptyFile(path("a/b"), PLAIN), "'a/b'", "not a directory");
  }

  @Test
  void entry_parentIsASymlink_isPutWhereItLeads() throws IOException {
    builder.symlink(path("rel"), PLAIN, "usr/../usr/lib");
    builder.symlink(path("usr/abs"), PLAIN, "/opt");
    builder.symlink(path("out"), PLAIN, "../../../etc");
    builder.directory(path("usr/lib"), PLAIN);
    builder.emptyFile(path("rel/a"), PLAIN);
    builder.emptyFile(path("usr/abs/b"), PLAIN);
    builder.emptyFile(path("out/c"), PLAIN);

    assertThat(types())
        .containsOnlyKeys(
            "rel", "usr", "usr/abs", "out", "usr/lib", "usr/lib/a", "opt", "opt/b", "etc", "etc/c");
  }

  @Test
  void entry_parentIsASymlinkToItself_isRefused() throws IOException {
    builder.symlink(path("a"), PLAIN, "a");

    assertMalformed(() -> builder.emptyFile(path("a/b"), PLAIN), "'a/b'", "symlinks");
  }

  @Test
  void entry_parentIsAGrowingSymlink_isRefused() throws IOException {
    builder.symlink(path("a"), PLAIN, "a/" + "x/".repeat(100));

    assertMalformed(() -> builder.emptyFile(path("a/b"), PLAIN), "'a/b");
  }

  @Test
  void hardLink_toEarlierAndLaterNames_sharesTheFile() throws IOException {
    builder.hardLink(path("early"), path("/d/file"), PLAIN);
    builder.regularFile(path("d/file"), PLAIN, 5, CONTENT);
    builder.hardLink(path("late"), path("./d/file"), PLAIN);
    builder.hardLink(path("chain"), path("early"), PLAIN);

    for (String name : new String[] {"early", "late", "chain", "d/file"}) {
      assertThat(built().get(name)).containsEntry("links", "4").containsEntry("size", "5");
    }
    try (ErofsImage image = ErofsImage.open(write())) {
      assertThat(image.find(path("early"))).isEqualTo(image.find(path("d/file")));
      assertThat(image.inodeCount()).isEqualTo(3);
      assertThat(image.contentSize()).isEqualTo(5);
    }
  }

  @Test
  void hardLink_toASymlink_sharesTheSymlink() throws IOException {
    builder.symlink(path("a"), PLAIN, "b");
    builder.hardLink(path("c"), path("a"), PLAIN);

    assertThat(built().get("c")).containsEntry("target", "b").containsEntry("links", "2");
  }

  @Test
  void hardLink_whoseTargetIsReplaced_keepsTheOldFile() throws IOException {
    builder.symlink(path("a"), PLAIN, "old");
    builder.hardLink(path("b"), path("a"), PLAIN);
    builder.symlink(path("a"), PLAIN, "new");

    assertThat(built().get("b")).containsEntry("target", "old").containsEntry("links", "1");
    assertThat(built().get("a")).containsEntry("target", "new").containsEntry("links", "1");
  }

  @Test
  void hardLink_thatIsReplaced_needsNoTarget() throws IOException {
    builder.hardLink(path("a"), path("nowhere"), PLAIN);
    builder.emptyFile(path("a"), PLAIN);

    assertThat(built().get("a")).containsEntry("links", "1");
  }

  @Test
  void build_hardLinkWithoutTarget_isRefused() throws IOException {
    builder.hardLink(path("d/a"), path("nowhere"), PLAIN);

    assertMalformed(builder::build, "'d/a'", "'nowhere'", "does not exist");
  }

  @Test
  void build_hardLinksInACircle_areRefused() throws IOException {
    builder.hardLink(path("a"), path("b"), PLAIN);
    builder.hardLink(path("b"), path("c"), PLAIN);
    builder.hardLink(path("c"), path("a"), PLAIN);

    assertMalformed(builder::build, "leads back");
  }

  @Test
  void build_hardLinkToItself_isRefused() throws IOException {
    builder.emptyFile(path("a"), PLAIN);
    builder.hardLink(path("a"), path("a"), PLAIN);

    assertMalformed(builder::build, "'a'", "leads back");
  }

  @Test
  void hardLink_toADirectory_isRefused() throws IOException {
    builder.directory(path("a"), PLAIN);

    assertMalformed(() -> builder.hardLink(path("b"), path("a"), PLAIN), "'b'", "directory");
  }

  @Test
  void build_hardLinkToALaterDirectory_isRefused() throws IOException {
    builder.hardLink(path("b"), path("a"), PLAIN);
    builder.directory(path("a"), PLAIN);

    assertMalformed(builder::build, "'b'", "directory");
  }

  @Test
  void whiteout_isCharacterDeviceZero() throws IOException {
    builder.emptyFile(path("a/.wh.x"), PLAIN);
    builder.whiteout(path("a/y"));

    assertThat(built().get("a/x")).containsEntry("type", "c").containsEntry("device", "0,0");
    assertThat(built().get("a/y")).containsEntry("type", "c").containsEntry("device", "0,0");
    assertThat(types()).containsOnlyKeys("a", "a/x", "a/y");
  }

  @Test
  void whiteout_ofANameOfTheSameLayer_givesWay() throws IOException {
    builder.emptyFile(path("before"), PLAIN);
    builder.emptyFile(path(".wh.before"), PLAIN);
    builder.emptyFile(path(".wh.after"), PLAIN);
    builder.directory(path("after"), PLAIN);
    builder.emptyFile(path(".wh.parent"), PLAIN);
    builder.emptyFile(path("parent/child"), PLAIN);

    assertThat(types())
        .isEqualTo(Map.of("before", "f", "after", "d", "parent", "d", "parent/child", "f"));
  }

  @Test
  void whiteout_ofNothing_isRefused() {
    for (String name : new String[] {".wh.", ".wh..", ".wh..."}) {
      assertMalformed(
          () -> new TreeBuilder().emptyFile(path("a/" + name), PLAIN), name, "whiteout");
    }
  }

  @Test
  void opaque_marksItsDirectory() throws IOException {
    builder.emptyFile(path("a/.wh..wh..opq"), PLAIN);
    builder.directory(path("a"), OTHER);
    builder.opaque(path("b"));
    builder.directory(path("c"), PLAIN);

    try (ErofsImage image = ErofsImage.open(write())) {
      assertThat(image.isOpaque(image.find(path("a")).orElseThrow())).isTrue();
      assertThat(image.isOpaque(image.find(path("b")).orElseThrow())).isTrue();
      assertThat(image.isOpaque(image.find(path("c")).orElseThrow())).isFalse();
    }
    assertThat(types()).containsOnlyKeys("a", "b", "c");
  }

  @Test
  void entry_timeThatCannotBe_becomesZero() throws IOException {
    builder.emptyFile(path("old"), new Attributes(0, 0, 0, -1, 5, Map.of()));
    builder.emptyFile(path("year1"), Attributes.of(0, 0, 0, -62135596800L));
    builder.emptyFile(path("far"), Attributes.of(0, 0, 0, 9223372036L));
    builder.emptyFile(path("last"), new Attributes(0, 0, 0, 9223372035L, 999999999, Map.of()));

    assertThat(built().get("old")).containsEntry("mtime", "0.0000000000");
    assertThat(built().get("year1")).containsEntry("mtime", "0.0000000000");
    assertThat(built().get("far")).containsEntry("mtime", "0.0000000000");
    assertThat(built().get("last")).containsEntry("mtime", "9223372035.9999999990");
  }

  @Test
  void entry_idsAtTheirEnds_areKeptOrRefused() throws IOException {
    builder.emptyFile(path("a"), Attributes.of(0, 0xFFFFFFFEL, 0xFFFFFFFEL, 0));
    builder.emptyFile(path("unchanged"), Attributes.of(0, 0xFFFFFFFFL, 0xFFFFFFFFL, 0));

    assertThat(built().get("a")).containsEntry("owner", "4294967294:4294967294");
    assertThat(built().get("unchanged")).containsEntry("owner", "0:0");
    assertMalformed(
        () -> builder.emptyFile(path("b"), Attributes.of(0, 1L << 32, 0, 0)), "'b'", "uid");
    assertMalformed(() -> builder.emptyFile(path("b"), Attributes.of(0, 0, -1, 0)), "'b'", "gid");
  }

  @Test
  void entry_numbersBeyondTheFormat_areRefused() {
    assertMalformed(() -> builder.blockDevice(path("b"), PLAIN, 4096, 0), "'b'", "4096:0");
    assertMalformed(() -> builder.characterDevice(path("b"), PLAIN, 0, 1 << 20), "'b'");
    assertMalformed(() -> builder.regularFile(path("b"), PLAIN, 0, CONTENT), "'b'");
    assertMalformed(() -> builder.regularFile(path("b"), PLAIN, Long.MAX_VALUE, CONTENT), "'b'");
    assertMalformed(
        () -> builder.emptyFile(path("b"), new Attributes(0, 0, 0, 0, 1000000000, Map.of())),
        "'b'");
  }

  @Test
  void entry_namesAndTargetsBeyondTheFormat_areRefused() throws IOException {
    builder.emptyFile(path("x".repeat(255)), PLAIN);
    assertMalformed(() -> builder.emptyFile(path("d/" + "x".repeat(256)), PLAIN), "256");
    assertMalformed(() -> builder.emptyFile(path("x".repeat(256) + "/d"), PLAIN), "256");
    assertMalformed(() -> builder.emptyFile(path("a\0b"), PLAIN), "NUL");
    assertMalformed(() -> builder.emptyFile(path("a/".repeat(2048) + "b"), PLAIN), "4095");
    assertMalformed(() -> builder.symlink(path("l"), PLAIN, ""), "'l'");
    assertMalformed(() -> builder.symlink(path("l"), PLAIN, "x".repeat(4096)), "'l'");
    assertMalformed(() -> builder.symlink(path("l"), PLAIN, "a\0"), "'l'");
  }

  @Test
  void entry_nameOfAnyBytes_isKept() throws IOException {
    byte[] bytes = {'d', '/', (byte) 0xFF, (byte) 0xFE, 1, ' ', '\n'};
    builder.emptyFile(EntryPath.of(bytes), PLAIN);

    assertThat(types()).containsKey(new String(bytes, StandardCharsets.ISO_8859_1));
  }

  @Test
  void entry_xattrs_areKeptAsTheKernelCanShowThem() throws IOException {
    Map<String, byte[]> xattrs =
        Map.of(
            "trusted.overlay.redirect", new byte[] {'/'},
            "trusted.other", new byte[1],
            "security.capability", new byte[] {7},
            "user.x", new byte[0],
            "user.", new byte[1],
            "com.apple.quarantine", new byte[1],
            "system.other", new byte[1]);
    Attributes attributes = new Attributes(0644, 0, 0, 0, 0, xattrs);
    builder.emptyFile(path("f"), attributes);
    builder.symlink(path("l"), attributes, "t");

    assertThat(built().get("f")).containsEntry("xattrs", "security.capability=0x07 user.x=0x");
    assertThat(built().get("l")).containsEntry("xattrs", "security.capability=0x07");
  }

  @Test
  void entry_xattrsBeyondTheFormat_areRefused() throws IOException {
    builder.emptyFile(path("fits"), xattr("user.big", 65535));
    assertMalformed(() -> builder.emptyFile(path("f"), xattr("user.big", 65536)), "user.big");
    assertMalformed(
        () -> builder.emptyFile(path("f"), xattr("user." + "n".repeat(251), 1)), "name");
    Map<String, byte[]> many = new TreeMap<>();
    for (int i = 0; i < 5; i++) {
      many.put("user." + i, new byte[60000]);
    }
    assertMalformed(
        () -> builder.emptyFile(path("f"), new Attributes(0, 0, 0, 0, 0, many)), "'f'", "xattrs");
    assertMalformed(
        () -> builder.emptyFile(path("f"), xattr("system.posix_acl_access", 5)), "POSIX ACL");
  }

  @Test
  void entry_moreNamesThanAllowed_isRefused() throws IOException {
    TreeBuilder small = new TreeBuilder(10);
    small.emptyFile(path("a/b/c/d/e"), PLAIN);

    assertMalformed(() -> small.emptyFile(path("1/2/3/4/5/6"), PLAIN), "at most 10 names");
  }

  private Map<String, Map<String, String>> built() throws IOException {
    try (ErofsImage image = ErofsImage.open(write())) {
      return ImageListing.of(image);
    }
  }

  private Map<String, String> types() throws IOException {
    Map<String, String> types = new TreeMap<>();
    built().forEach((path, attributes) -> types.put(path, attributes.getOrDefault("type", "?")));
    return types;
  }

  /// Writes what is built once; later calls return the same image.
  private Path write() throws IOException {
    Path image = directory.resolve("image");
    return Files.exists(image) ? image : Images.write(builder.build(), directory, "image");
  }

  private static EntryPath path(String path) {
    return EntryPath.of(path);
  }

  private static Attributes xattr(String name, int size) {
    return new Attributes(0644, 0, 0, 0, 0, Map.of(name, new byte[size]));
  }

  private static Attributes with(String name, String value, String name2, String value2) {
    return new Attributes(
        0755,
        0,
        0,
        0,
        0,
        Map.of(
            name, value.getBytes(StandardCharsets.UTF_8),
            name2, value2.getBytes(StandardCharsets.UTF_8)));
  }

  private static void assertMalformed(ThrowingCallable action, String... parts) {
    assertThatThrownBy(action)
        .isInstanceOf(MalformedLayerException.class)
        .message()
        .contains(parts);
  }
}
