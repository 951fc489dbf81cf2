package dev.asterism.cli.cache;

import dev.asterism.cache.CleanOptions;
import dev.asterism.cache.StoreProgress;
import dev.asterism.cache.VerifyOptions;
import java.io.IOException;

/// What can be done to a store: by its daemon where one runs, by the command itself elsewhere.
///
/// The answers are JSON documents ([ReportJson]), so that both ways give the same.
interface Tending {
  /// Removes what nobody needs; returns the report.
  String clean(CleanOptions options, StoreProgress progress) throws IOException;

  /// Looks at everything; returns the report.
  String verify(VerifyOptions options, StoreProgress progress) throws IOException;

  /// Keeps an image's layers.
  ///
  /// @throws IOException if no such image is in the store
  void pin(String image) throws IOException;

  /// Lets an image's layers go.
  ///
  /// @throws IOException if it is not pinned
  void unpin(String image) throws IOException;

  /// Returns the pins, as [ReportJson#pins] writes them in an object.
  String pins() throws IOException;
}
