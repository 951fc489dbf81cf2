package dev.asterism.cli;

import java.util.Optional;
import picocli.CommandLine.IVersionProvider;

/// Says which build this is, from the manifest of its jar.
public final class Version implements IVersionProvider {
  /// Returns the version; "development" where there is no jar.
  public static String text() {
    return Optional.ofNullable(Asterism.class.getPackage().getImplementationVersion())
        .orElse("development");
  }

  @Override
  public String[] getVersion() {
    return new String[] {
      "asterism " + text(),
      "Java %s, %s %s"
          .formatted(
              Runtime.version(), System.getProperty("os.name"), System.getProperty("os.version"))
    };
  }
}
