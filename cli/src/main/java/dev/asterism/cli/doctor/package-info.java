/// What this machine offers, found out by trying it.
@NullMarked
package dev.asterism.cli.doctor;

import org.jspecify.annotations.NullMarked;
