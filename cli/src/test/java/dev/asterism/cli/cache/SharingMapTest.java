package dev.asterism.cli.cache;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.report.Amount;
import dev.asterism.cache.report.SharedBy;
import dev.asterism.content.Digest;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

final class SharingMapTest {
  private static Holding holding(String name, long stored, long unique) {
    return new Holding(
        new Holder(name, Holder.Kind.IMAGE, List.of(Digest.of(new byte[] {1}))),
        new Amount(1, stored, stored),
        new Amount(1, unique, unique),
        stored,
        4096,
        List.of());
  }

  private static SharedBy group(long stored, Integer... holders) {
    return new SharedBy(List.of(holders), new Amount(1, stored, stored));
  }

  /// 1 MB in all three, 2 MB in two, 3, 4 and 0 MB in one; 1 kB too small to be seen.
  private static Sharing three() {
    return new Sharing(
        List.of(
            holding("r/a:1", 6_000_000, 3_000_000),
            holding("r/b:1", 7_001_000, 4_001_000),
            holding("r/c:1", 1_000_000, 0)),
        List.of(
            group(3_000_000, 0),
            group(2_000_000, 0, 1),
            group(1_000_000, 0, 1, 2),
            group(4_000_000, 1),
            group(1_000, 1, 2)));
  }

  private static Document parse(String svg) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
    return factory.newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
  }

  /// Returns the rectangles of some styles whose tooltip begins with `name`.
  private static List<Element> cells(Document svg, String name, String... styles) {
    List<Element> found = new ArrayList<>();
    NodeList rectangles = svg.getElementsByTagName("rect");
    for (int i = 0; i < rectangles.getLength(); i++) {
      Element rectangle = (Element) rectangles.item(i);
      if (Arrays.asList(styles).contains(rectangle.getAttribute("class"))
          && rectangle.getTextContent().startsWith(name + ":")) {
        found.add(rectangle);
      }
    }
    return found;
  }

  private static double number(Element element, String attribute) {
    return Double.parseDouble(element.getAttribute(attribute));
  }

  @Test
  void svg_sharedContent_standsInOnePlaceInEveryRowThatHasIt() throws Exception {
    Document svg = parse(SharingMap.svg(three()));

    List<Element> inAll = new ArrayList<>();
    for (String name : List.of("a:1", "b:1", "c:1")) {
      List<Element> cells = cells(svg, name, "all");
      assertThat(cells).as(name).hasSize(1);
      inAll.addAll(cells);
    }
    assertThat(inAll).extracting(cell -> cell.getAttribute("x")).containsOnly("250.0");
    assertThat(inAll).extracting(cell -> cell.getAttribute("width")).containsOnly("79.0");
    assertThat(inAll).extracting(cell -> cell.getAttribute("y")).doesNotHaveDuplicates();
    assertThat(cells(svg, "a:1", "many").getFirst().getAttribute("x"))
        .isEqualTo(cells(svg, "b:1", "many").getFirst().getAttribute("x"));
  }

  @Test
  void svg_contentOfOneImage_standsInItsRowAlone() throws Exception {
    Document svg = parse(SharingMap.svg(three()));

    Element a = cells(svg, "a:1", "one").getFirst();
    Element b = cells(svg, "b:1", "one").getFirst();

    assertThat(cells(svg, "c:1", "one")).isEmpty();
    assertThat(number(a, "x") + number(a, "width")).isLessThanOrEqualTo(number(b, "x"));
    assertThat(number(b, "width") / number(a, "width")).isBetween(1.30, 1.36);
  }

  @Test
  void svg_contentTooSmallToSee_isDrawnTogether() throws Exception {
    Document svg = parse(SharingMap.svg(three()));

    assertThat(cells(svg, "b:1", "small")).hasSize(1);
    assertThat(cells(svg, "c:1", "small")).hasSize(1);
    assertThat(cells(svg, "a:1", "small")).isEmpty();
  }

  @Test
  void svg_figures_areWritten() {
    assertThat(SharingMap.svg(three()))
        .contains("3 images share 10.0 MB of disk; apart they would take 14.0 MB")
        .contains(">in all 3<", ">1.0 MB<", ">4.0 MB<", "removing frees");
  }

  @Test
  void svg_sameSharingInAnotherOrder_isTheSamePicture() {
    Sharing sharing = three();
    List<SharedBy> turned = new ArrayList<>(sharing.groups());
    Collections.reverse(turned);

    assertThat(SharingMap.svg(new Sharing(sharing.holdings(), turned)))
        .isEqualTo(SharingMap.svg(sharing));
  }

  @Test
  void svg_namesFromOutside_stayText() throws Exception {
    String hostile = "r/<script>alert(1)</script>&\"\u0001x:1";
    Sharing sharing = new Sharing(List.of(holding(hostile, 1000, 1000)), List.of(group(1000, 0)));

    String svg = SharingMap.svg(sharing);

    assertThat(svg).doesNotContain("<script", "\u0001", "href");
    assertThat(parse(svg).getElementsByTagName("script").getLength()).isZero();
  }

  @Test
  void svg_manyImages_drawsTheFirstAndSaysSo() throws Exception {
    List<Holding> holdings = new ArrayList<>();
    List<SharedBy> groups = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      holdings.add(holding("r/image:%03d".formatted(i), 1_000_000, 1_000_000));
      groups.add(group(1_000_000, i));
    }

    String svg = SharingMap.svg(new Sharing(holdings, groups));

    assertThat(svg).contains("40 more are not drawn");
    assertThat(cells(parse(svg), "image:000", "one")).hasSize(1);
  }

  @Test
  void svg_emptyStore_isAPictureToo() throws Exception {
    String svg = SharingMap.svg(new Sharing(List.of(), List.of()));

    assertThat(parse(svg).getDocumentElement().getTagName()).isEqualTo("svg");
  }
}
