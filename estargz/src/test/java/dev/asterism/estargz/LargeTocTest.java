package dev.asterism.estargz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.estargz.tar.TarEntry;
import dev.asterism.estargz.tar.TarWriter;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A TOC of a million files is written and read by a JVM with a heap of 256 MiB.
class LargeTocTest {
  private static final int ENTRIES = 1_000_000;
  private static final int CHUNKED = 1000;

  @Test
  void read_aMillionEntries_fitsIn256MiB(@TempDir Path dir) throws Exception {
    Path out = dir.resolve("out");
    Process jvm =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                LargeTocTest.class.getName(),
                dir.resolve("blob").toString())
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    try {
      assertThat(jvm.waitFor()).as(() -> text(out)).isZero();
      assertThat(text(out)).contains("entries=" + ENTRIES).contains("verified=true");
    } finally {
      jvm.destroyForcibly();
    }
  }

  /// The other JVM.
  public static void main(String[] arguments) throws IOException {
    Path file = Path.of(arguments[0]);
    Digest written;
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      written = write(out);
    }
    AtomicLong entries = new AtomicLong();
    Blob blob = new FileBlob(file, Files.size(file));
    Digest read =
        TocReader.read(
            blob, TocLocator.locate(blob), TocLimits.DEFAULT, _ -> entries.incrementAndGet());
    System.out.println("entries=" + entries + " verified=" + read.equals(written));
  }

  private static Digest write(OutputStream out) throws IOException {
    TocWriter toc = new TocWriter();
    TocRow row = new TocRow();
    for (int i = 0; i < ENTRIES; i++) {
      long mixed = i * 0x9e3779b97f4a7c15L;
      String digest = new Digest(mixed, ~mixed, mixed * mixed, mixed * 31).toString();
      row.clear();
      row.name = "usr/share/some/longer/directory/" + i % 1000 + "/file-" + i + ".txt";
      row.type = "reg";
      row.size = CHUNKED;
      row.modtime = "2024-05-06T07:08:09Z";
      row.mode = 0644;
      row.chunkDigest = digest;
      row.digest = digest;
      row.xattr("user.number" + i, new byte[] {1, 2, 3});
      toc.add(row);
    }
    Digest digest = toc.finish();
    EstargzOptions options = EstargzOptions.DEFAULT.withLevel(1);
    byte[] header = TarWriter.header(TarEntry.file(Landmark.TOC, 0444, toc.size()));
    byte[] end = new byte[TarWriter.padding(toc.size()) + TarWriter.end().length];
    try (MemberPipeline members = new MemberPipeline(out, options, Workers.CALLER, () -> {});
        InputStream json =
            new SequenceInputStream(
                Collections.enumeration(
                    List.of(
                        new ByteArrayInputStream(header),
                        toc.content(),
                        new ByteArrayInputStream(end))))) {
      members.write(new byte[1]);
      long offset = members.writeMember(json, header.length + toc.size() + end.length);
      members.finish(Footer.of(offset), digest, Optional.empty());
    }
    return digest;
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private record FileBlob(Path file, long size) implements Blob {
    @Override
    public InputStream open(ByteRange range) throws IOException {
      InputStream in = Files.newInputStream(file);
      in.skipNBytes(range.start());
      return in;
    }
  }
}
