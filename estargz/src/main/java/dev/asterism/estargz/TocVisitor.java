package dev.asterism.estargz;

import java.io.IOException;

/// Takes a TOC's entries one after another, in the TOC's order.
@FunctionalInterface
public interface TocVisitor {
  /// Takes one entry, a regular file with all its chunks.
  ///
  /// What it says is not verified yet: the digest is known only at the end of the TOC.
  ///
  /// @throws IOException to stop reading
  void visit(TocEntry entry) throws IOException;
}
