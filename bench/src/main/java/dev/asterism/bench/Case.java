package dev.asterism.bench;

import java.io.IOException;

/// One thing that is measured with every snapshotter, on nodes of its own.
sealed interface Case
    permits AnswerCase,
        ReadCase,
        VersionsCase,
        StartCase,
        StartReadCase,
        StartOrderedCase,
        BusyCase,
        CompleteCase,
        RestartCase {
  /// Returns its name on the command line.
  String name();

  /// Measures it with one snapshotter and adds what came out to the run's figures.
  ///
  /// @throws IOException if something did not work; the figures have what was measured before
  void measure(Snapshotter snapshotter, Run run) throws IOException, InterruptedException;
}
