/// The image formats: eStargz and legacy stargz, read, written and verified.
///
/// Reading a layer takes three steps. [TocLocator] finds the TOC by the blob's footer, [TocReader]
/// streams it as [TocEntry] values and returns the TOC digest, and [MemberReader] inflates chunks
/// out of spans of the blob. [EstargzWriter] goes the other way. Pure: bytes in, values out; no
/// files, threads or clocks. Whoever reads checks the digests: the TOC's against the manifest, each
/// chunk's against the TOC.
@NullMarked
package dev.asterism.estargz;

import org.jspecify.annotations.NullMarked;
