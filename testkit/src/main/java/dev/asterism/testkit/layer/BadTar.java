package dev.asterism.testkit.layer;

import static dev.asterism.testkit.layer.Entry.file;
import static dev.asterism.testkit.layer.Entry.hardLink;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.asterism.estargz.tar.TarEntry;
import dev.asterism.estargz.tar.TarWriter;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;

/// A tar that no layer can be made of: it is damaged, lies or plays tricks. Immutable.
///
/// @param name what is wrong with it
/// @param tar its bytes, not copied
/// @param why what a refusal says: the entry, and more where only that tells the reason
@SuppressWarnings("ArrayRecordComponent") // never compared
public record BadTar(String name, byte[] tar, String why) {
  private static final long HUGE = 100L << 30; // 100 GiB
  private static final long LARGE = 8L << 30; // 8 GiB

  @Override
  public String toString() {
    return name;
  }

  /// Returns one of each kind.
  public static List<BadTar> all() {
    byte[] two = Layer.of(file("first", "x".repeat(5000)), file("victim", "y".repeat(5000))).tar();
    return List.of(
        new BadTar("cut off in content", Arrays.copyOf(two, 9000), "'victim'"),
        new BadTar("cut off in a header", Arrays.copyOf(two, 512 + 5120 + 100), "'first'"),
        new BadTar("100 GiB declared", concat(header("victim", '0', HUGE), two), "'victim'"),
        new BadTar("100 GiB sparse", concat(sparse("victim")), "'victim'"),
        new BadTar(
            "8-bit name", concat(two, eightBit("nam\u00e9"), two), "'nam\u00e9' is no UTF-8"),
        new BadTar(
            "above the root",
            Layer.of(file("ok", "x"), file("../../etc/passwd", "x")).tar(),
            "entry '../../etc/passwd': the name leads above the root"),
        new BadTar(
            "above the root and back",
            Layer.of(file("a/../../b", "y")).tar(),
            "entry 'a/../../b': the name leads above the root"),
        new BadTar(
            "linked above the root",
            Layer.of(file("ok", "x"), hardLink("l", "../../etc/shadow")).tar(),
            "entry '../../etc/shadow': its link's target"),
        new BadTar("header of 8 GiB", concat(two, header("x", 'x', LARGE)), "'victim'"),
        new BadTar("long name of 8 GiB", concat(two, header("x", 'L', LARGE)), "'victim'"),
        new BadTar(
            "xattr longer than its header",
            concat(two, record("9999 SCHILY.xattr.user.a=b\n"), two),
            "'victim'"),
        new BadTar("name of 5 KiB", Layer.of(file("n/".repeat(2500) + "n", "")).tar(), "'n/n/"),
        new BadTar("unknown type", concat(two, header("odd", 'Z', 0)), "'odd'"));
  }

  /// A header of a type, that declares a size.
  private static byte[] header(String name, char type, long size) {
    byte[] block = TarWriter.header(TarEntry.file(name, 0644, 0));
    block[156] = (byte) type;
    // Base-256: eleven octal digits end at 8 GiB.
    Arrays.fill(block, 124, 136, (byte) 0);
    block[124] = (byte) 0x80;
    for (int i = 0; i < 8; i++) {
      block[135 - i] = (byte) (size >>> (8 * i));
    }
    return sealed(block);
  }

  /// A sparse file in GNU's old form: no content, 100 GiB of holes.
  private static byte[] sparse(String name) {
    byte[] block = header(name, 'S', 0);
    block[483] = (byte) 0x80;
    for (int i = 0; i < 8; i++) {
      block[494 - i] = (byte) (HUGE >>> (8 * i));
    }
    return sealed(block);
  }

  /// An extension header of the PAX format.
  private static byte[] record(String text) {
    byte[] bytes = text.getBytes(US_ASCII);
    return concat(header("x", 'x', bytes.length), Arrays.copyOf(bytes, 512));
  }

  private static byte[] eightBit(String latin) {
    byte[] block = TarWriter.header(TarEntry.file("x".repeat(latin.length()), 0644, 0));
    for (int i = 0; i < latin.length(); i++) {
      block[i] = (byte) latin.charAt(i);
    }
    return sealed(block);
  }

  /// Writes a header's checksum anew.
  private static byte[] sealed(byte[] block) {
    Arrays.fill(block, 148, 156, (byte) ' ');
    int sum = 0;
    for (int i = 0; i < 512; i++) {
      sum += block[i] & 0xff;
    }
    System.arraycopy("%06o\0 ".formatted(sum).getBytes(US_ASCII), 0, block, 148, 8);
    return block;
  }

  /// One tar of several: end blocks of the earlier ones are left out.
  private static byte[] concat(byte[]... tars) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] tar : tars) {
      boolean ends = tar.length > 1024 && isZero(tar, tar.length - 1024);
      all.write(tar, 0, ends ? tar.length - 1024 : tar.length);
    }
    return all.toByteArray();
  }

  private static boolean isZero(byte[] bytes, int from) {
    for (int i = from; i < bytes.length; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return true;
  }
}
