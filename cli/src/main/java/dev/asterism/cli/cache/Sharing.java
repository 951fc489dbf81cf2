package dev.asterism.cli.cache;

import dev.asterism.cache.report.Amount;
import dev.asterism.cache.report.SharedBy;
import dev.asterism.cache.report.StoreSurvey;
import dev.asterism.content.Digest;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/// Who has what in common: the survey of a store, by holders. Immutable.
///
/// @param holdings one for each holder, in the order given
/// @param groups every combination of holders that has content, by its holders' numbers
public record Sharing(List<Holding> holdings, List<SharedBy> groups) {
  /// Copies the lists.
  public Sharing {
    holdings = List.copyOf(holdings);
    groups = List.copyOf(groups);
  }

  /// Groups a survey by holders.
  ///
  /// @param holders may share layers; a layer that none of them has is nobody's
  /// @param compiled bytes on the disk for a layer's compiled metadata
  public static Sharing of(
      StoreSurvey survey, List<Holder> holders, ToLongFunction<Digest> compiled) {
    Map<Digest, BitSet> owners = owners(holders);
    Map<BitSet, Amount> amounts = amounts(survey, owners);
    List<Holding> holdings = new ArrayList<>();
    for (int i = 0; i < holders.size(); i++) {
      holdings.add(holding(i, holders, survey, owners, amounts, compiled));
    }
    List<SharedBy> groups = new ArrayList<>();
    amounts.forEach(
        (who, amount) -> groups.add(new SharedBy(who.stream().boxed().toList(), amount)));
    groups.sort(Comparator.comparing(group -> group.holders().toString()));
    return new Sharing(holdings, groups);
  }

  private static Map<Digest, BitSet> owners(List<Holder> holders) {
    Map<Digest, BitSet> owners = new HashMap<>();
    for (int i = 0; i < holders.size(); i++) {
      for (Digest layer : holders.get(i).layers()) {
        owners.computeIfAbsent(layer, _ -> new BitSet()).set(i);
      }
    }
    return owners;
  }

  private static Map<BitSet, Amount> amounts(StoreSurvey survey, Map<Digest, BitSet> owners) {
    Map<BitSet, Amount> amounts = new LinkedHashMap<>();
    for (SharedBy group : survey.groups()) {
      BitSet who = new BitSet();
      for (int layer : group.holders()) {
        who.or(owners.getOrDefault(survey.layers().get(layer).layer(), new BitSet()));
      }
      amounts.merge(who, group.amount(), Amount::plus);
    }
    return amounts;
  }

  private static Holding holding(
      int number,
      List<Holder> holders,
      StoreSurvey survey,
      Map<Digest, BitSet> owners,
      Map<BitSet, Amount> amounts,
      ToLongFunction<Digest> compiled) {
    Holder holder = holders.get(number);
    Amount content = Amount.NONE;
    Amount unique = Amount.NONE;
    Map<Integer, Amount> common = new HashMap<>();
    for (Map.Entry<BitSet, Amount> group : amounts.entrySet()) {
      if (group.getKey().get(number)) {
        content = content.plus(group.getValue());
        unique = group.getKey().cardinality() == 1 ? unique.plus(group.getValue()) : unique;
        group.getKey().stream()
            .filter(other -> other != number)
            .forEach(other -> common.merge(other, group.getValue(), Amount::plus));
      }
    }
    long linked = 0;
    long overhead = 0;
    for (Digest layer : holder.layers()) {
      int index = survey.indexOf(layer);
      linked += index < 0 ? 0 : survey.layers().get(index).linked();
      if (owners.getOrDefault(layer, new BitSet()).cardinality() == 1) {
        overhead += index < 0 ? 0 : survey.layers().get(index).directories();
        overhead += compiled.applyAsLong(layer);
      }
    }
    return new Holding(holder, content, unique, linked, overhead, common(common, holders));
  }

  private static List<Holding.Common> common(Map<Integer, Amount> common, List<Holder> holders) {
    return common.entrySet().stream()
        .sorted(
            Comparator.<Map.Entry<Integer, Amount>>comparingLong(
                    entry -> -entry.getValue().stored())
                .thenComparing(Map.Entry.comparingByKey()))
        .map(entry -> new Holding.Common(holders.get(entry.getKey()).name(), entry.getValue()))
        .toList();
  }
}
