package dev.asterism.testkit.tree;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/// Everything in a tree, by name. Immutable.
///
/// @param entries by path relative to the root, one character for each byte; the root is ""
public record TreeListing(SortedMap<String, TreeEntry> entries) {
  /// Whether a listing reads the files as well.
  public enum Depth {
    /// Names and attributes.
    METADATA,
    /// These, and the hash of every regular file.
    CONTENT
  }

  /// Copies the map.
  public TreeListing {
    entries = Collections.unmodifiableSortedMap(new TreeMap<>(entries));
  }

  /// Lists a tree with the hash of every file. Stays on its file system.
  ///
  /// Child processes do it (GNU find, stat, sha256sum, getfattr), so `root` may be a mount that
  /// this process serves.
  ///
  /// @throws IOException if a file cannot be read, or a tool is missing
  public static TreeListing of(Path root) throws IOException, InterruptedException {
    return of(root, Depth.CONTENT);
  }

  /// Lists a tree as deeply as asked.
  ///
  /// @throws IOException if a file cannot be read, or a tool is missing
  public static TreeListing of(Path root, Depth depth) throws IOException, InterruptedException {
    return new TreeListing(new TreeReader(root).read(depth));
  }

  /// Returns the file at a path relative to the root.
  public Optional<TreeEntry> find(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  /// Returns the files whose names pass.
  public TreeListing filter(Predicate<String> names) {
    SortedMap<String, TreeEntry> kept = new TreeMap<>(entries);
    kept.keySet().removeIf(names.negate());
    return new TreeListing(kept);
  }

  /// Returns the same with times cut to whole seconds: a TOC has no more.
  public TreeListing inWholeSeconds() {
    return map(TreeEntry::inWholeSeconds);
  }

  /// Returns the same with times rounded to the nearest second: the Go tools make such TOCs.
  public TreeListing roundedToSeconds() {
    return map(TreeEntry::roundedToSeconds);
  }

  /// Returns the same with no time at the root: no layer of the Go tools names it, so there it is
  /// when somebody unpacked the image.
  public TreeListing withoutRootTime() {
    SortedMap<String, TreeEntry> changed = new TreeMap<>(entries);
    changed.computeIfPresent("", (_, root) -> root.withTime("0"));
    return new TreeListing(changed);
  }

  private TreeListing map(UnaryOperator<TreeEntry> change) {
    SortedMap<String, TreeEntry> changed = new TreeMap<>(entries);
    changed.replaceAll((_, entry) -> change.apply(entry));
    return new TreeListing(changed);
  }

  /// Compares this with what it should be.
  public TreeDifference differenceFrom(TreeListing expected) {
    return TreeDifference.between(expected, this);
  }
}
