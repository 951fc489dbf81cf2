package dev.asterism.erofs;

import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// One entry of a test layer: what it says to a [TreeBuilder], and to [Unpacked].
sealed interface LayerEntry {
  /// Gives it to the builder.
  void add(TreeBuilder builder) throws MalformedLayerException;

  /// Returns the line of the script that unpacks it.
  String script();

  record Dir(String path, Attributes attributes) implements LayerEntry {
    @Override
    public void add(TreeBuilder builder) throws MalformedLayerException {
      builder.directory(EntryPath.of(path), attributes);
    }

    @Override
    public String script() {
      return "entry_dir " + quote(path) + describe(attributes);
    }
  }

  record File(String path, Attributes attributes, String text) implements LayerEntry {
    byte[] bytes() {
      return text.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void add(TreeBuilder builder) throws MalformedLayerException {
      if (text.isEmpty()) {
        builder.emptyFile(EntryPath.of(path), attributes);
      } else {
        Content content = Content.of(Digest.of(bytes()));
        builder.regularFile(EntryPath.of(path), attributes, bytes().length, content);
      }
    }

    @Override
    public String script() {
      return "entry_file " + quote(path) + describe(attributes, quote(text));
    }
  }

  record Symlink(String path, Attributes attributes, String target) implements LayerEntry {
    @Override
    public void add(TreeBuilder builder) throws MalformedLayerException {
      builder.symlink(EntryPath.of(path), attributes, target);
    }

    @Override
    public String script() {
      return "entry_symlink " + quote(path) + describe(attributes, quote(target));
    }
  }

  record Device(String path, Attributes attributes, FileType type, int major, int minor)
      implements LayerEntry {
    @Override
    public void add(TreeBuilder builder) throws MalformedLayerException {
      switch (type) {
        case BLOCK_DEVICE -> builder.blockDevice(EntryPath.of(path), attributes, major, minor);
        case CHARACTER_DEVICE ->
            builder.characterDevice(EntryPath.of(path), attributes, major, minor);
        case FIFO -> builder.fifo(EntryPath.of(path), attributes);
        case REGULAR, DIRECTORY, SYMLINK -> throw new IllegalArgumentException("no device");
      }
    }

    @Override
    public String script() {
      String node =
          switch (type) {
            case BLOCK_DEVICE -> "b " + major + " " + minor;
            case CHARACTER_DEVICE -> "c " + major + " " + minor;
            default -> "p";
          };
      return "entry_node " + quote(path) + describe(attributes, quote(node));
    }
  }

  record Link(String path, Attributes attributes, String target) implements LayerEntry {
    @Override
    public void add(TreeBuilder builder) throws MalformedLayerException {
      builder.hardLink(EntryPath.of(path), EntryPath.of(target), attributes);
    }

    @Override
    public String script() {
      return "entry_link " + quote(path) + describe(attributes, quote(target));
    }
  }

  record Whiteout(String path) implements LayerEntry {
    @Override
    public void add(TreeBuilder builder) throws MalformedLayerException {
      int name = path.lastIndexOf('/') + 1;
      String marker = path.substring(0, name) + ".wh." + path.substring(name);
      builder.emptyFile(EntryPath.of(marker), Attributes.of(0, 0, 0, 0));
    }

    @Override
    public String script() {
      return "entry_whiteout " + quote(path);
    }
  }

  record Opaque(String path) implements LayerEntry {
    @Override
    public void add(TreeBuilder builder) throws MalformedLayerException {
      builder.emptyFile(EntryPath.of(path + "/.wh..wh..opq"), Attributes.of(0, 0, 0, 0));
    }

    @Override
    public String script() {
      return "entry_opaque " + quote(path);
    }
  }

  /// Returns the tree of a layer.
  static Tree tree(List<LayerEntry> entries) throws MalformedLayerException {
    TreeBuilder builder = new TreeBuilder();
    for (LayerEntry entry : entries) {
      entry.add(builder);
    }
    return builder.build();
  }

  private static String describe(Attributes attributes, String... more) {
    boolean sane = attributes.mtimeSeconds() >= 0 && attributes.mtimeSeconds() < 9_223_372_036L;
    String time =
        sane ? "@%d.%09d".formatted(attributes.mtimeSeconds(), attributes.mtimeNanos()) : "@0";
    String described =
        String.format(
            Locale.ROOT,
            " 0%04o %d:%d %s ",
            attributes.mode(),
            attributes.uid(),
            attributes.gid(),
            time);
    String xattrs =
        attributes.xattrs().entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .map(e -> " " + e.getKey() + " 0x" + HexFormat.of().formatHex(e.getValue()))
            .collect(Collectors.joining());
    return described + String.join(" ", more) + xattrs;
  }

  private static String quote(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }
}
