/// What an image holds, found out from its tables of contents alone.
@NullMarked
package dev.asterism.cli.inspect;

import org.jspecify.annotations.NullMarked;
