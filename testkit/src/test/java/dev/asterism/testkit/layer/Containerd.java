package dev.asterism.testkit.layer;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.asterism.content.Digest;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A containerd of the test's own: its content store is where Go's tools find layers.
final class Containerd implements AutoCloseable {
  private static final int ATTEMPTS = 5;

  private static final Duration DEADLINE = Duration.ofSeconds(60);
  private static final Pattern DIGEST = Pattern.compile("\"digest\":\\s*\"(sha256:[0-9a-f]{64})\"");

  private final Process process;
  private final Path socket;

  private Containerd(Process process, Path socket) {
    this.process = process;
    this.socket = socket;
  }

  /// Starts one whose files are all in `dir`, and waits until it answers.
  static Containerd start(Path dir) throws IOException, InterruptedException {
    Path socket = dir.resolve("c.sock");
    Path config = dir.resolve("config.toml");
    Files.writeString(
        config,
        """
        version = 2
        root = "%1$s/root"
        state = "%1$s/state"
        disabled_plugins = ["io.containerd.grpc.v1.cri"]
        [grpc]
          address = "%1$s/c.sock"
        [ttrpc]
          address = "%1$s/t.sock"
        # a collection between an ingest and its label would take the blob
        [plugins."io.containerd.gc.v1.scheduler"]
          startup_delay = "1h"
        """
            .formatted(dir));
    Path log = dir.resolve("log");
    Process process =
        new ProcessBuilder("containerd", "--config", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    Containerd containerd = new Containerd(process, socket);
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    while (containerd.ctr("version").run().exitCode() != 0) {
      if (!process.isAlive() || System.nanoTime() > deadline) {
        containerd.close();
        throw new IOException("containerd does not answer: " + Files.readString(log));
      }
    }
    return containerd;
  }

  /// Puts a blob into the content store, where garbage collection leaves it alone.
  void ingest(Digest digest, byte[] blob) throws IOException, InterruptedException {
    // Its first collection of garbage may come between the two: then once more.
    for (int left = ATTEMPTS; ; left--) {
      ctr("content", "ingest", "--expected-digest", digest.toString(), digest.hex())
          .withInput(blob)
          .runOrThrow();
      Outcome kept = ctr("content", "label", digest.toString(), "containerd.io/gc.root=test").run();
      if (kept.exitCode() == 0 || left == 0) {
        kept.orThrow();
        return;
      }
    }
  }

  /// Imports an image of one layer, a plain tar, under a name.
  void importImage(String name, byte[] tar) throws IOException, InterruptedException {
    ctr("images", "import", "--no-unpack", "--index-name", name, "-")
        .withInput(archive(tar))
        .runOrThrow();
  }

  /// Converts an image by the Go tools and returns the layer.
  byte[] convert(String from, String to, String... options)
      throws IOException, InterruptedException {
    List<String> words = new ArrayList<>(List.of("images", "convert"));
    words.addAll(List.of(options));
    words.addAll(List.of(from, to));
    ctrRemote(words.toArray(String[]::new)).runOrThrow();
    String images = ctr("images", "ls", "name==" + to).runOrThrow().text();
    Matcher target = Pattern.compile("sha256:[0-9a-f]{64}").matcher(images);
    if (!target.find()) {
      throw new IOException("no image: " + images);
    }
    String document = text(target.group());
    while (document.contains("\"manifests\"")) {
      document = text(firstDigest(document));
    }
    String layers = document.substring(document.indexOf("\"layers\""));
    return content(firstDigest(layers));
  }

  /// Returns the command of `ctr-remote` with arguments.
  Command ctrRemote(String... words) {
    return Command.of("ctr-remote", "-a", socket.toString()).with(words);
  }

  private Command ctr(String... words) {
    return Command.of("ctr", "-a", socket.toString()).with(words);
  }

  private String text(String digest) throws IOException, InterruptedException {
    return new String(content(digest), UTF_8);
  }

  private byte[] content(String digest) throws IOException, InterruptedException {
    Outcome outcome = ctr("content", "get", digest).runOrThrow();
    return outcome.out();
  }

  private static String firstDigest(String json) throws IOException {
    Matcher digest = DIGEST.matcher(json);
    if (!digest.find()) {
      throw new IOException("no digest: " + json);
    }
    return digest.group(1);
  }

  /// An OCI image layout in a tar (OCI image spec, "Image Layout").
  private static byte[] archive(byte[] layer) {
    byte[] config =
        """
        {"architecture":"amd64","os":"linux","config":{},
         "rootfs":{"type":"layers","diff_ids":["%s"]}}\
        """
            .formatted(Digest.of(layer))
            .getBytes(UTF_8);
    byte[] manifest =
        """
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
         "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%d},
         "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"%s","size":%d}]}\
        """
            .formatted(Digest.of(config), config.length, Digest.of(layer), layer.length)
            .getBytes(UTF_8);
    byte[] index =
        """
        {"schemaVersion":2,"manifests":[
          {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"%s","size":%d}]}\
        """
            .formatted(Digest.of(manifest), manifest.length)
            .getBytes(UTF_8);
    return Layer.of(
            Entry.file("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}"),
            Entry.file("index.json", index),
            Entry.file("blobs/sha256/" + Digest.of(config).hex(), config),
            Entry.file("blobs/sha256/" + Digest.of(manifest).hex(), manifest),
            Entry.file("blobs/sha256/" + Digest.of(layer).hex(), layer))
        .tar();
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }
}
