/// The configuration file: TOML with the keys of the stargz snapshotter.
///
/// Start at [dev.asterism.cli.config.ConfigurationFile].
@NullMarked
package dev.asterism.cli.config;

import org.jspecify.annotations.NullMarked;
