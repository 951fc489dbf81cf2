package dev.asterism.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/// The arrows between the modules point only downwards.
class LayeringTest {
  private static final String ROOT = "dev.asterism.";

  /// What each module may use, besides itself. Why so, says docs/decisions/0001.
  private static final Map<String, Set<String>> MAY_USE =
      Map.ofEntries(
          Map.entry("content", Set.of()),
          Map.entry("linux", Set.of()),
          Map.entry("fuse", Set.of("linux")),
          Map.entry("estargz", Set.of("content")),
          Map.entry("erofs", Set.of("content")),
          Map.entry("registry", Set.of("content")),
          Map.entry("images", Set.of("content", "estargz", "registry")),
          Map.entry("cache", Set.of("content", "linux")),
          Map.entry(
              "layers",
              Set.of("content", "linux", "fuse", "estargz", "erofs", "registry", "cache")),
          Map.entry("snapshotter", Set.of("content", "linux", "layers")),
          Map.entry("containerd", Set.of("content", "registry", "images", "snapshotter")),
          Map.entry("testkit", Set.of("content", "estargz")));

  private static final JavaClasses OURS =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.asterism");

  @Test
  void modules_dependencies_pointDownwards() {
    Set<String> modules =
        Stream.concat(MAY_USE.keySet().stream(), Stream.of("cli", "bench"))
            .collect(Collectors.toSet());
    MAY_USE.forEach((module, allowed) -> {
      String[] forbidden =
          modules.stream()
              .filter(other -> !other.equals(module) && !allowed.contains(other))
              .map(other -> ROOT + other + "..")
              .toArray(String[]::new);
      noClasses()
          .that()
          .resideInAPackage(ROOT + module + "..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(forbidden)
          .because("arrows point only downwards")
          .allowEmptyShould(true)
          .check(OURS);
    });
  }

  @Test
  void linker_outsideOfLinux_isNotUsed() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + "linux..")
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.lang.foreign.Linker")
        .because("a blocking downcall pins its carrier thread: one module knows which do")
        .check(OURS);
  }

  @Test
  void formats_effects_areNotTheirs() {
    noClasses()
        .that()
        .resideInAnyPackage(ROOT + "content..", ROOT + "estargz..", ROOT + "erofs..")
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.lang.System$Logger")
        .orShould()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.lang.Thread")
        .because("formats take bytes and give values")
        .check(OURS);
  }

  @Test
  void testkit_outsideOfDemoAndRehearsal_isNotUsed() {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            ROOT + "testkit..", ROOT + "cli.demo..", ROOT + "cli.warm..", ROOT + "bench..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT + "testkit..")
        .because("the product does not stand on its tests")
        .check(OURS);
  }

  @Test
  void packages_all_areNullMarked() {
    Set<String> packages =
        OURS.stream()
            .filter(type -> !isGenerated(type))
            .map(JavaClass::getPackageName)
            .collect(Collectors.toCollection(TreeSet::new));
    List<String> unmarked =
        packages.stream()
            .filter(name -> !OURS.getPackage(name).isAnnotatedWith(NullMarked.class))
            .toList();

    assertThat(unmarked).isEmpty();
  }

  private static boolean isGenerated(JavaClass type) {
    String name = type.getPackageName(); // from containerd's .proto files
    return name.equals(ROOT + "snapshotter.wire") || name.equals(ROOT + "containerd.wire");
  }
}
