/// Log lines: `java.util.logging` on standard error, as text for people or JSON for machines.
///
/// The rest of the project logs through `System.Logger` with messages of words and then `key=value`
/// pairs; here they become fields. Start at [dev.asterism.cli.log.Logging].
@NullMarked
package dev.asterism.cli.log;

import org.jspecify.annotations.NullMarked;
