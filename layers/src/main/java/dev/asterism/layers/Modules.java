package dev.asterism.layers;

import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.erofs.Content;
import dev.asterism.erofs.ErofsImage;
import dev.asterism.erofs.FileType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;

/// The modules of a layer that programs open by name while they run: shared objects, and Python's
/// compiled modules and packages. Which of them does a file name? Immutable.
///
/// A module is named by what its file name has before the first dot, a package by its directory;
/// its *home* is the directory where that name is looked up. A directory that has nothing but
/// shared objects, as `lib-dynload`, counts to the one above. Who may name a module: every file of
/// its home and of the `__pycache__` there; where the home is no package itself, every compiled
/// module of the layer.
final class Modules {
  /// Shorter names are found in any bytes.
  private static final int SHORTEST = 3;

  /// What the linker opens, as [Libraries] knows, and no program by its name.
  private static final String LIBRARY = "lib";

  /// Compressed bytes of a module that is too dear to be guessed.
  private static final int DEAR = 32 << 10; // 32 KiB

  private static final int HALF = (1 << 16) - 1;

  private static final String COMPILED = "__pycache__";
  private static final String PACKAGE = "__init__";

  /// How much it is worth to look for a module because of one that nobody uses yet.
  enum Kind {
    /// A compiled module that [Guesses] may bring as well.
    SMALL,
    /// A shared object, a package, or what is too dear for a guess.
    SURE
  }

  /// One of them.
  ///
  /// @param object its number in the layer's table
  /// @param home the directory that it is found in by its name
  /// @param inPackage whether that is a package
  record Module(int object, String name, Kind kind, String home, boolean inPackage) {}

  private final Map<Integer, List<Module>> byHash;

  /// Which lower halves of hashes there are: most words are none, at the cost of one bit.
  private final BitSet halves;

  private final Map<ChunkTable.Run, Set<String>> homes;

  private final BitSet sources;

  private Modules(
      Map<Integer, List<Module>> byHash, Map<ChunkTable.Run, Set<String>> homes, BitSet sources) {
    this.byHash = byHash;
    this.halves = new BitSet(HALF + 1);
    byHash.keySet().forEach(hash -> halves.set(hash & HALF));
    this.homes = homes;
    this.sources = sources;
  }

  /// Finds the modules of a layer. Takes a walk through its tree.
  static Modules of(Fetching.LayerImages images, Digest layer, ChunkTable table)
      throws IOException {
    try (ErofsImage image = images.open(layer)) {
      Finder finder = new Finder(image, table);
      image.walk((path, node, stat) -> {
        if (stat.type() == FileType.REGULAR) {
          finder.visit(path.toString(), node);
        }
      });
      return finder.modules();
    }
  }

  /// Tells whether a file is the source of a module that is there compiled: of such a source only
  /// the size and the time are looked at.
  boolean isCompiledSource(int object) {
    return sources.get(object);
  }

  /// Tells whether the files of a directory may name any.
  boolean mayName(ChunkTable.Run directory) {
    return homes.containsKey(directory);
  }

  /// Returns the modules that a file names: words of its bytes, by themselves or with one more
  /// letter, since in a compiled Python file the type of what comes next follows a name at once.
  ///
  /// @param directory that the file is in
  Set<Module> named(ChunkTable.Run directory, byte[] file) {
    Set<String> near = homes.getOrDefault(directory, Set.of());
    Set<Module> found = new HashSet<>();
    int start = 0;
    int hash = 0; // as that of a String
    int before = 0; // without the last letter
    for (int at = 0; at <= file.length; at++) {
      if (at < file.length && isPartOfWord(file[at])) {
        before = hash;
        hash = 31 * hash + file[at];
        continue;
      }
      if (at - start >= SHORTEST) {
        check(file, start, at, hash, near, found);
        check(file, start, at - 1, before, near, found);
      }
      start = at + 1;
      hash = 0;
    }
    return found;
  }

  private void check(byte[] file, int from, int to, int hash, Set<String> near, Set<Module> found) {
    if (!halves.get(hash & HALF)) {
      return;
    }
    for (Module module : byHash.getOrDefault(hash, List.of())) {
      if (near.contains(module.home())
          && module.name().length() == to - from
          && module.name().equals(new String(file, from, to - from, StandardCharsets.US_ASCII))) {
        found.add(module);
      }
    }
  }

  private static boolean isPartOfWord(int b) {
    return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') || b == '_';
  }

  /// Collects them. Confined to one thread.
  private static final class Finder {
    private final ErofsImage image;
    private final ChunkTable table;
    private final List<Module> found = new ArrayList<>();

    /// Where the files of each directory are listed in the table: a run for each suffix.
    private final Map<String, Map<String, ChunkTable.Run>> runs = new HashMap<>();

    /// Directories that have shared objects, and those that have something else.
    private final Set<String> libraries = new HashSet<>();

    private final Set<String> mixed = new HashSet<>();

    private final Set<String> packages = new HashSet<>();

    /// Compiled modules, and the objects of sources, by the path without a suffix.
    private final Set<String> compiledModules = new HashSet<>();

    private final Map<String, Integer> sources = new HashMap<>();

    Finder(ErofsImage image, ChunkTable table) {
      this.image = image;
      this.table = table;
    }

    void visit(String path, long node) throws MalformedLayerException {
      String directory = parent(path);
      String file = last(path);
      String suffix = Neighbourhoods.suffix(file);
      boolean shared = suffix.equals("so");
      boolean compiled = suffix.equals("pyc") && last(directory).equals(COMPILED);
      (shared ? libraries : mixed).add(directory);
      Map<String, ChunkTable.Run> known = runs.computeIfAbsent(directory, _ -> new HashMap<>());
      boolean source = suffix.equals("py");
      if (!shared && !compiled && !source && known.containsKey(suffix)) {
        return; // which is most files
      }
      OptionalInt object = object(node);
      if (object.isPresent()) {
        known.computeIfAbsent(suffix, _ -> run(object.getAsInt()));
        String stem = file.substring(0, Math.max(0, file.indexOf('.')));
        if (shared && !stem.startsWith(LIBRARY)) {
          add(object.getAsInt(), stem, Kind.SURE, directory);
        } else if (compiled) {
          compiledModules.add(parent(directory) + "/" + stem);
          addCompiled(object.getAsInt(), stem, parent(directory));
        } else if (source) {
          sources.put(directory + "/" + stem, object.getAsInt());
        }
      }
    }

    private void addCompiled(int object, String stem, String home) {
      if (stem.equals(PACKAGE)) {
        packages.add(home);
        add(object, last(home), Kind.SURE, parent(home));
      } else {
        add(object, stem, isDear(object) ? Kind.SURE : Kind.SMALL, home);
      }
    }

    private void add(int object, String name, Kind kind, String home) {
      if (name.length() >= SHORTEST && name.chars().allMatch(Modules::isPartOfWord)) {
        found.add(new Module(object, name, kind, home, false));
      }
    }

    private boolean isDear(int object) {
      LayerObject file = table.object(object);
      return file.isOneChunk() && Batch.packed(table.chunk(table.chunkOf(file, 0))) > DEAR;
    }

    private OptionalInt object(long node) throws MalformedLayerException {
      Optional<Content> content = image.content(node);
      if (content.isEmpty()) {
        return OptionalInt.empty();
      }
      Optional<Digest> digest = Digest.findHex(last(content.get().path()));
      return digest.isPresent() ? table.find(digest.get()) : OptionalInt.empty();
    }

    private ChunkTable.Run run(int object) {
      return table.directoryOf(table.chunk(table.chunkOf(table.object(object), 0)));
    }

    private String home(String directory) {
      return libraries.contains(directory) && !mixed.contains(directory)
          ? parent(directory)
          : directory;
    }

    Modules modules() {
      Map<Integer, List<Module>> byHash = new HashMap<>();
      Map<ChunkTable.Run, Set<String>> homes = new HashMap<>();
      for (Module each : found) {
        String home = home(each.home());
        byHash
            .computeIfAbsent(each.name().hashCode(), _ -> new ArrayList<>())
            .add(
                new Module(each.object(), each.name(), each.kind(), home, packages.contains(home)));
        Stream.of(each.home(), home, home + "/" + COMPILED)
            .flatMap(near -> runs.getOrDefault(near, Map.of()).values().stream())
            .forEach(run -> homes.computeIfAbsent(run, _ -> new HashSet<>()).add(home));
      }
      addRoots(homes);
      BitSet compiledSources = new BitSet();
      sources.forEach((path, object) -> {
        if (compiledModules.contains(path)) {
          compiledSources.set(object);
        }
      });
      return new Modules(byHash, homes, compiledSources);
    }

    /// Every compiled module may name what stands in no package.
    private void addRoots(Map<ChunkTable.Run, Set<String>> homes) {
      Set<String> roots = new HashSet<>();
      for (Module each : found) {
        String home = home(each.home());
        if (!packages.contains(home) && runs.containsKey(home + "/" + COMPILED)) {
          roots.add(home);
        }
      }
      runs.forEach((directory, bySuffix) -> {
        if (last(directory).equals(COMPILED)) {
          bySuffix
              .values()
              .forEach(run -> homes.computeIfAbsent(run, _ -> new HashSet<>()).addAll(roots));
        }
      });
    }

    private static String parent(String path) {
      return path.substring(0, Math.max(0, path.lastIndexOf('/')));
    }

    private static String last(String path) {
      return path.substring(path.lastIndexOf('/') + 1);
    }
  }
}
