/// Metadata-only EROFS images: what a layer, or a chain of layers, looks like, without its bytes.
///
/// Start at [TreeBuilder], which is fed with a layer's entries in tar order and gives a [Tree];
/// [ErofsWriter] writes a tree as an image; [ErofsImage] reads one; [Merge] makes the tree of a
/// stack of images. The yardstick for all of it is what overlayfs shows for layers that containerd
/// unpacked. Nothing here touches file content: a regular file only says where overlayfs finds it
/// ([Content]).
///
/// The on-disk format is that of Linux, `fs/erofs/erofs_fs.h`.
@NullMarked
package dev.asterism.erofs;

import org.jspecify.annotations.NullMarked;
