/// Traces for an OpenTelemetry collector, when the environment asks for them. Start with [Tracing].
@NullMarked
package dev.asterism.cli.trace;

import org.jspecify.annotations.NullMarked;
