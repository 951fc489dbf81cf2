/// The image formats that can be read in pieces: eStargz and legacy stargz.
@NullMarked
package dev.asterism.estargz;

import org.jspecify.annotations.NullMarked;
