package dev.asterism.testkit.tree;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.process.Command;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeListingTest {
  @TempDir private Path temporary;

  private Path tree(String name, String script) throws Exception {
    Path root = Files.createDirectory(temporary.resolve(name));
    Command.of("sh", "-ec", script).in(root).runOrThrow();
    Command.of("find", ".", "-exec", "touch", "-h", "-d", "@1700000000.5", "{}", "+")
        .in(root)
        .runOrThrow();
    return root;
  }

  private static String difference(Path expected, Path actual) throws Exception {
    return TreeListing.of(actual).differenceFrom(TreeListing.of(expected)).toString();
  }

  @Test
  void of_namesOfAnyBytes_areKeptApart() throws Exception {
    Path root =
        tree(
            "a",
            """
            touch "$(printf 'new\\nline')" 'back\\slash' "$(printf 'latin\\351')" ' # file: x' 'é'
            """);

    assertThat(TreeListing.of(root).entries())
        .containsOnlyKeys("", "new\nline", "back\\slash", "latin\u00e9", " # file: x", "Ã©");
  }

  @Test
  void of_everyKindOfFile_hasItsAttributes() throws Exception {
    Path root =
        tree("a", "mkdir -m 1777 d; printf hello > d/f; ln d/f g; ln -s d/f l; mkfifo -m 600 p");

    TreeListing listing = TreeListing.of(root);

    TreeEntry file = listing.find("g").orElseThrow();
    assertThat(file.links()).isEqualTo(2);
    assertThat(file.firstLink()).isEqualTo("d/f");
    assertThat(file.mtime()).isEqualTo("1700000000.500000000");
    assertThat(file.content())
        .isEqualTo("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    assertThat(listing.find("d").orElseThrow().mode()).isEqualTo("1777");
    assertThat(listing.find("l").orElseThrow().target()).isEqualTo("d/f");
    assertThat(listing.find("p").orElseThrow().type()).isEqualTo('p');
  }

  @Test
  void differenceFrom_copy_isEmpty() throws Exception {
    Path first = tree("a", "mkdir d; echo hello > d/f; ln d/f g; ln -s x l; mkfifo p");
    Command.of("cp", "-a", "a", "b").in(temporary).runOrThrow();

    assertThat(difference(first, temporary.resolve("b"))).isEmpty();
  }

  @Test
  void differenceFrom_anyAttribute_isNamed() throws Exception {
    Path expected = tree("a", "echo one > f; ln f g; touch m; touch only-here; ln -s x l");
    Path actual = tree("b", "echo two > f; echo two > g; mkdir m; touch only-there; ln -s y l");

    assertThat(difference(expected, actual))
        .contains("f: content is ")
        .contains("f: link count is 1, should be 2")
        .contains("g: first link is g, should be f")
        .contains("m: type is d, should be f")
        .contains("only-here: missing")
        .contains("only-there: should not be there")
        .contains("l: target is y, should be x");
  }

  @Test
  void differenceFrom_xattrs_areComparedByValue() throws Exception {
    Path expected = tree("a", "touch f; setfattr -n user.a=b -v 0x00ff0a f; setfattr -n user.e f");
    Path actual = tree("b", "touch f; setfattr -n user.a=b -v 0x00ff f; setfattr -n user.x f");

    assertThat(difference(expected, actual))
        .contains("f: xattr user.a=b is '0x00ff', should be '0x00ff0a'")
        .contains("f: xattr user.e is none, should be ")
        .contains("f: xattr user.x is ");
  }

  @Test
  void inWholeSeconds_fractions_areCut() throws Exception {
    Path root = tree("a", "touch f");

    assertThat(TreeListing.of(root).inWholeSeconds().find("f").orElseThrow().mtime())
        .isEqualTo("1700000000");
  }
}
