/// Warm code: how a new process gets the classes and profiles of an earlier one. Start at
/// [WarmCode].
@NullMarked
package dev.asterism.cli.warm;

import org.jspecify.annotations.NullMarked;
