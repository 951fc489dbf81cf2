/// System calls through `java.lang.foreign`, and nothing above them.
@NullMarked
package dev.asterism.linux;

import org.jspecify.annotations.NullMarked;
