/// The pull side of the OCI distribution specification.
@NullMarked
package dev.asterism.registry;

import org.jspecify.annotations.NullMarked;
