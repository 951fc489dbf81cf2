package dev.asterism.snapshotter;

import static dev.asterism.snapshotter.Statuses.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.snapshotter.wire.Info;
import dev.asterism.snapshotter.wire.Kind;
import io.grpc.Context;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What every snapshotter behind containerd's gRPC service does, whatever it is made of.
///
/// Where each part of the documentation of containerd's `snapshots.Snapshotter` is shown, here and
/// in [MountContract], which mounts what is answered:
///
/// | what it says | shown by |
/// | --- | --- |
/// | a snapshot has a parent; none is the empty text | `prepare_overNothing…`, `commit_parentsOfParents…` |
/// | Prepare and View make active ones, Commit committed ones, with the active one's parent | `prepare_overNothing…`, `view_isView`, `commit_ofActive_movesItToItsName` |
/// | no active one becomes a committed one, nor the reverse | `commit_ofActive_isCreatedThen`, `commit_ofCommitted_isRefused` |
/// | only a committed one is a parent | `prepare_overActiveParent…`, `prepare_overView…`, `prepareAndView_overOneParent…` |
/// | keys and names share one space | `prepareAndView_ofTakenKey…`, `commit_toTakenName…`, `keys_ofAnyText…` |
/// | every one may be removed, but a parent only after its children | `remove_ofAnyKind…`, `remove_ofParent…`, `remove_ofActiveAndView…` |
/// | Stat: by key or name, for existence, parent and kind | `commit_parentsOfParents…`, `view_isView`, each `assertFails(NOT_FOUND, …stat…)` |
/// | Update: what may change and what not, by field | `update_…` |
/// | Usage: without the parents; active ones as well | `usage_ofEachKind…`, `MountContract.usage_…` |
/// | Usage: ends when its caller has gone | `SnapshotServerTest.usage_whoseCallerHasGone…` (of ours: nobody sees it from outside) |
/// | Mounts: of active ones and views alone, as Prepare and View gave them | `mounts_…` |
/// | Prepare: starts with what the parent has, changes are relative to it; nothing is an empty directory | `MountContract.root_…`, `layers_…`, `actives_overOneParent…` |
/// | Prepare, View: twice with one key fails | `prepareAndView_ofTakenKey…`, `prepare_ofOneKeyBySeveral…` |
/// | Prepare: is ended by Commit or by Remove | `commit_ofActive_freesItsKey`, `MountContract.active_removedAndMadeAgain…` |
/// | View: cannot be committed, nor written | `commit_ofView…`, `MountContract.view_whenWritten…` |
/// | Commit: keeps the changes under a name, its key is gone | `MountContract.layers_…`, `commit_ofActive_freesItsKey` |
/// | Remove: nothing of it stays | `MountContract.active_removedAndMadeAgain…`, `cleanup_…` |
/// | Walk: all, or what the filters match: name, parent, kind, labels | `list_…` |
/// | Close: more than once | `SnapshotServerTest.close_twice…` |
/// | Cleanup: takes what Remove left | `cleanup_…`, `AsyncRemoveTest` |
/// | a target: labels at Prepare | `RemoteSnapshotsTest`, `NamespacedSnapshotsTest` |
abstract class SnapshotterContract {
  private SnapshotsService service;
  private SnapshotsClient client;

  /// Starts a snapshotter that has no snapshot.
  abstract SnapshotsService start() throws Exception;

  @BeforeEach
  void open() throws Exception {
    service = start();
    client = service.client();
  }

  @AfterEach
  void close() throws Exception {
    service.close();
  }

  private void committed(String name, String parent) {
    client.prepare(name + "-key", parent);
    client.commit(name, name + "-key");
  }

  @Test
  void prepare_overNothing_isActiveAndHasMounts() {
    assertThat(client.prepare("a", "")).isNotEmpty();
    Info info = client.stat("a");
    assertThat(info.getName()).isEqualTo("a");
    assertThat(info.getKind()).isEqualTo(Kind.ACTIVE);
    assertThat(info.getParent()).isEmpty();
    assertThat(info.getLabelsMap()).containsKey(SnapshotsClient.ROOT);
  }

  @Test
  void prepare_overCommitted_hasItAsParent() {
    committed("c", "");
    client.prepare("a", "c");
    assertThat(client.stat("a").getParent()).isEqualTo("c");
  }

  @Test
  void prepare_overMissingParent_isNotFound() {
    assertFails(Code.NOT_FOUND, () -> client.prepare("a", "nobody"));
    assertFails(Code.NOT_FOUND, () -> client.stat("a"));
  }

  @Test
  void prepare_overActiveParent_isRefused() {
    client.prepare("a", "");
    assertFails(Code.INVALID_ARGUMENT, () -> client.prepare("b", "a"));
    assertFails(Code.NOT_FOUND, () -> client.stat("b"));
  }

  @Test
  void prepare_overView_isRefused() {
    client.view("v", "");
    assertFails(Code.INVALID_ARGUMENT, () -> client.prepare("b", "v"));
  }

  @Test
  void view_isView() {
    committed("c", "");
    assertThat(client.view("v", "c")).isNotEmpty();
    assertThat(client.stat("v").getKind()).isEqualTo(Kind.VIEW);
    assertThat(client.stat("v").getParent()).isEqualTo("c");
  }

  @Test
  void prepareAndView_ofTakenKey_alreadyExist() {
    committed("c", "");
    client.prepare("a", "c");
    client.view("v", "c");
    for (String taken : List.of("a", "v", "c")) {
      assertFails(Code.ALREADY_EXISTS, () -> client.prepare(taken, "c"));
      assertFails(Code.ALREADY_EXISTS, () -> client.view(taken, "c"));
    }
  }

  @Test
  void prepare_ofOneKeyBySeveral_succeedsOnce() throws Exception {
    int callers = 8;
    CyclicBarrier start = new CyclicBarrier(callers);
    Callable<Boolean> attempt =
        () -> {
          start.await();
          try {
            client.prepare("a", "");
            return true;
          } catch (StatusRuntimeException e) {
            assertThat(e.getStatus().getCode()).isEqualTo(Code.ALREADY_EXISTS);
            return false;
          }
        };
    int succeeded = 0;
    try (ExecutorService threads = Executors.newFixedThreadPool(callers)) {
      List<Future<Boolean>> attempts = new ArrayList<>();
      for (int i = 0; i < callers; i++) {
        attempts.add(threads.submit(attempt));
      }
      for (Future<Boolean> done : attempts) {
        succeeded += done.get() ? 1 : 0;
      }
    }
    assertThat(succeeded).isEqualTo(1);
    assertThat(client.list()).hasSize(1);
  }

  @Test
  void commit_ofActive_movesItToItsName() {
    committed("below", "");
    client.prepare("a", "below", Map.of("old", "1"));
    client.commit("c", "a", Map.of("new", "2"));
    Info info = client.stat("c");
    assertThat(info.getKind()).isEqualTo(Kind.COMMITTED);
    assertThat(info.getParent()).isEqualTo("below");
    assertThat(info.getLabelsMap()).containsEntry("new", "2").doesNotContainKey("old");
    assertFails(Code.NOT_FOUND, () -> client.stat("a"));
  }

  @Test
  void commit_parentsOfParents_areFoundByStat() {
    committed("a", "");
    committed("b", "a");
    assertThat(client.stat(client.stat("b").getParent()).getParent()).isEmpty();
  }

  /// "After commit, the snapshot identified by key is removed": the key means nothing, and is free.
  @Test
  void commit_ofActive_freesItsKey() {
    client.prepare("a", "");
    client.commit("c", "a");
    assertFails(Code.NOT_FOUND, () -> client.mounts("a"));
    assertFails(Code.NOT_FOUND, () -> client.usage("a"));
    assertFails(Code.NOT_FOUND, () -> client.remove("a"));
    assertFails(Code.NOT_FOUND, () -> client.commit("d", "a"));
    client.prepare("a", "c");
    assertThat(client.stat("a").getKind()).isEqualTo(Kind.ACTIVE);
  }

  /// "Active snapshots never become committed snapshots and vice versa": what was created once
  /// keeps its kind; committing makes another one, with a time of its own.
  @Test
  void commit_ofActive_isCreatedThen() {
    client.prepare("a", "");
    Info active = client.stat("a");
    client.commit("c", "a");
    Info committed = client.stat("c");
    assertThat(created(committed)).isAfterOrEqualTo(created(active));
    assertThat(committed.getUpdatedAt()).isEqualTo(committed.getCreatedAt());
  }

  private static Instant created(Info info) {
    return Instant.ofEpochSecond(info.getCreatedAt().getSeconds(), info.getCreatedAt().getNanos());
  }

  /// "The committed snapshot can then be used as a parent", of any number of others.
  @Test
  void prepareAndView_overOneParentManyTimes_areAllItsChildren() {
    committed("c", "");
    client.prepare("a1", "c");
    client.prepare("a2", "c");
    client.view("v", "c");
    client.commit("d", "a2");
    assertNames(List.of("parent==c"), "a1", "d", "v");
    client.remove("a1");
    client.remove("v");
    assertFails(Code.FAILED_PRECONDITION, () -> client.remove("c"));
    client.remove("d");
    client.remove("c");
  }

  /// "Remove must be called with key": of a view, too, and its mounts end with it.
  @Test
  void remove_ofActiveAndView_endsTheirMounts() {
    committed("c", "");
    client.prepare("a", "c");
    client.view("v", "c");
    for (String key : List.of("a", "v")) {
      client.remove(key);
      assertFails(Code.NOT_FOUND, () -> client.mounts(key));
      assertFails(Code.NOT_FOUND, () -> client.stat(key));
    }
    assertThat(client.stat("c").getKind()).isEqualTo(Kind.COMMITTED);
  }

  @Test
  void commit_ofMissingKey_isNotFound() {
    assertFails(Code.NOT_FOUND, () -> client.commit("c", "nobody"));
  }

  @Test
  void commit_ofView_isRefused() {
    client.view("v", "");
    assertFails(Code.FAILED_PRECONDITION, () -> client.commit("c", "v"));
    assertThat(client.stat("v").getKind()).isEqualTo(Kind.VIEW);
  }

  @Test
  void commit_ofCommitted_isRefused() {
    committed("c", "");
    assertFails(Code.FAILED_PRECONDITION, () -> client.commit("d", "c"));
  }

  @Test
  void commit_toTakenName_alreadyExists() {
    committed("c", "");
    client.prepare("a", "");
    assertFails(Code.ALREADY_EXISTS, () -> client.commit("c", "a"));
    assertThat(client.stat("a").getKind()).isEqualTo(Kind.ACTIVE);
    client.prepare("b", "");
    assertFails(Code.ALREADY_EXISTS, () -> client.commit("b", "a"));
  }

  @Test
  void mounts_ofActiveAndView_areThoseOfTheirCreation() {
    committed("c", "");
    committed("d", "c");
    assertThat(client.prepare("a", "d")).isEqualTo(client.mounts("a"));
    assertThat(client.view("v", "d")).isEqualTo(client.mounts("v"));
  }

  @Test
  void mounts_ofCommittedOrMissing_areRefused() {
    committed("c", "");
    assertFails(Code.FAILED_PRECONDITION, () -> client.mounts("c"));
    assertFails(Code.NOT_FOUND, () -> client.mounts("nobody"));
  }

  @Test
  void remove_ofParent_waitsForItsChildren() {
    committed("a", "");
    committed("b", "a");
    client.prepare("top", "b");
    assertFails(Code.FAILED_PRECONDITION, () -> client.remove("b"));
    assertFails(Code.FAILED_PRECONDITION, () -> client.remove("a"));
    client.remove("top");
    client.remove("b");
    client.remove("a");
    assertThat(client.list()).isEmpty();
  }

  @Test
  void remove_ofMissing_isNotFound() {
    assertFails(Code.NOT_FOUND, () -> client.remove("nobody"));
  }

  @Test
  void remove_ofAnyKind_freesItsKey() {
    committed("c", "");
    client.prepare("again", "c");
    client.remove("again");
    client.view("again", "c");
    client.remove("again");
    client.prepare("again", "");
    client.remove("c");
    client.commit("c", "again");
    assertThat(client.stat("c").getParent()).isEmpty();
  }

  @Test
  void update_wholeInfo_changesLabelsAndNothingElse() {
    committed("below", "");
    client.prepare("a", "below", Map.of("old", "1"));
    Info before = client.stat("a");
    Info after =
        client.update(
            before.toBuilder()
                .setParent("nobody")
                .setKind(Kind.COMMITTED)
                .clearLabels()
                .putLabels("l1", "v1")
                .putLabels("l2", "v2")
                .putLabels(SnapshotsClient.ROOT, "test")
                .build());
    assertThat(after.getLabelsMap())
        .isEqualTo(Map.of("l1", "v1", "l2", "v2", SnapshotsClient.ROOT, "test"));
    assertThat(after.getParent()).isEqualTo("below");
    assertThat(after.getKind()).isEqualTo(Kind.ACTIVE);
    assertThat(after.getCreatedAt()).isEqualTo(before.getCreatedAt());
    assertThat(instant(after)).isAfterOrEqualTo(instant(before));
    assertThat(client.stat("a")).isEqualTo(after);
  }

  private static Instant instant(Info info) {
    return Instant.ofEpochSecond(info.getUpdatedAt().getSeconds(), info.getUpdatedAt().getNanos());
  }

  @Test
  void update_ofOneLabel_leavesTheOthers() {
    client.prepare("a", "", Map.of("l1", "v1", "l2", "v2", "l3", "v3"));
    Info after =
        client.update(
            Info.newBuilder().setName("a").putLabels("l1", "new").putLabels("l4", "v4").build(),
            "labels.l1",
            "labels.l2");
    assertThat(after.getLabelsMap())
        .isEqualTo(Map.of("l1", "new", "l3", "v3", SnapshotsClient.ROOT, "test"));
  }

  @Test
  void update_ofLabels_replacesAll() {
    client.prepare("a", "", Map.of("l1", "v1"));
    Info after =
        client.update(
            Info.newBuilder().setName("a").putLabels("with.dots/in it", "v").build(), "labels");
    assertThat(after.getLabelsMap()).isEqualTo(Map.of("with.dots/in it", "v"));
  }

  @Test
  void update_ofImmutableField_isRefused() {
    client.prepare("a", "", Map.of("l1", "v1"));
    Info info = Info.newBuilder().setName("a").setParent("b").putLabels("l1", "new").build();
    assertFails(Code.INVALID_ARGUMENT, () -> client.update(info, "labels", "parent"));
    assertThat(client.stat("a").getLabelsMap()).containsEntry("l1", "v1");
  }

  @Test
  void update_ofMissing_isNotFound() {
    assertFails(
        Code.NOT_FOUND, () -> client.update(Info.newBuilder().setName("nobody").build(), "labels"));
  }

  @Test
  void list_withFilters_answersWhatMatches() {
    client.prepare("a-np", "");
    committed("p", "");
    client.prepare("a", "p");
    client.view("v", "p");
    client.prepare("p-wl-key", "");
    client.commit("p-wl", "p-wl-key", Map.of("l", "1"));
    client.prepare("a-wl", "p-wl", Map.of("l", "2"));
    client.view("v-wl", "p-wl", Map.of("l", "3"));
    client.prepare("a-np-wl", "", Map.of("l", "2"));

    assertNames(List.of(), "a-np", "p", "a", "v", "p-wl", "a-wl", "v-wl", "a-np-wl");
    assertNames(List.of("kind==active"), "a-np", "a", "a-wl", "a-np-wl");
    assertNames(List.of("kind==view"), "v", "v-wl");
    assertNames(List.of("kind==committed"), "p", "p-wl");
    assertNames(List.of("kind!=active"), "p", "p-wl", "v", "v-wl");
    assertNames(List.of("kind==active", "kind==view"), "a-np", "a", "a-wl", "a-np-wl", "v", "v-wl");
    assertNames(List.of("name==p"), "p");
    assertNames(List.of("name==\"p\""), "p");
    assertNames(List.of("name~=\"^a-(np|wl)$\""), "a-np", "a-wl");
    assertNames(List.of("name~=/wl$/,kind==active"), "a-wl", "a-np-wl");
    assertNames(List.of("parent==p"), "a", "v");
    assertNames(List.of("parent==\"\",kind==active"), "a-np", "a-np-wl");
    assertNames(List.of("parent!=p,kind==view"), "v-wl");
    assertNames(List.of("labels.l"), "p-wl", "a-wl", "v-wl", "a-np-wl");
    assertNames(List.of("labels.l==2"), "a-wl", "a-np-wl");
    assertNames(List.of("labels.l!=2,kind==active"), "a-np", "a");
    assertNames(List.of("labels.\"l\"==2,parent==\"p-wl\""), "a-wl");
    assertNames(List.of("labels.\"" + SnapshotsClient.ROOT + "\"==test,name==v"), "v");
    assertNames(List.of("kind==nothing"));
  }

  private void assertNames(List<String> filters, String... names) {
    assertThat(client.list(filters.toArray(String[]::new)))
        .as("%s", filters)
        .extracting(Info::getName)
        .containsExactlyInAnyOrder(names);
  }

  @Test
  void list_withFilterThatIsNone_isRefused() {
    for (String filter : List.of("kind=active", "==x", "name==", "a b", "name==\"x")) {
      // containerd 1.6 loses the kind of this error on the way.
      assertThatThrownBy(() -> client.list(filter))
          .isInstanceOf(StatusRuntimeException.class)
          .hasMessageMatching("(?s)(INVALID_ARGUMENT|UNKNOWN).*");
    }
  }

  @Test
  void list_ofMoreThanOneMessage_answersAllAndAsStat() {
    for (int i = 0; i < 205; i++) {
      client.prepare("key-" + i, "");
    }
    List<Info> all = client.list();
    assertThat(all).hasSize(205);
    assertThat(all).contains(client.stat("key-0"), client.stat("key-204"));
  }

  @Test
  void usage_ofEachKind_isAnswered() {
    committed("c", "");
    client.prepare("a", "c");
    client.view("v", "c");
    assertThat(client.usage("c").getInodes()).isPositive();
    assertThat(client.usage("a").getInodes()).isPositive();
    assertThat(client.usage("v").getSize()).isZero();
    assertFails(Code.NOT_FOUND, () -> client.usage("nobody"));
  }

  @Test
  void keys_ofAnyText_areKept() {
    String key = "default/17/sha256:0f\"é 日本 ' % \\ /../x";
    client.prepare(key, "");
    assertThat(client.stat(key).getName()).isEqualTo(key);
    client.commit(key + "c", key);
    client.prepare("top", key + "c");
    assertThat(client.stat("top").getParent()).isEqualTo(key + "c");
  }

  @Test
  void chain_of128Layers_isMountable() {
    String parent = "";
    for (int i = 0; i < 128; i++) {
      committed("layer-" + i, parent);
      parent = "layer-" + i;
    }
    assertThat(client.prepare("top", parent).getFirst().options())
        .anySatisfy(option -> assertThat(option.split(":", -1)).hasSize(128));
  }

  /// Cleanup takes what Remove may have left, and nothing else. A snapshotter may be without.
  @Test
  void cleanup_ofAnyKind_leavesWhatStands() {
    committed("c", "");
    List<Mount> active = client.prepare("a", "c");
    List<Mount> view = client.view("v", "c");
    client.prepare("gone", "c");
    client.remove("gone");

    assertThat(Statuses.codeOf(client::cleanup)).isIn(Code.OK, Code.UNIMPLEMENTED);

    assertNames(List.of(), "a", "c", "v");
    assertThat(client.mounts("a")).isEqualTo(active);
    assertThat(client.mounts("v")).isEqualTo(view);
    client.prepare("gone", "c");
    client.commit("d", "a");
    assertThat(client.stat("d").getParent()).isEqualTo("c");
  }

  /// A call whose caller has gone has happened or has not: nothing is between.
  @Test
  void prepare_whoseCallerHasGone_isWholeOrNothing() throws Exception {
    committed("c", "");
    for (int i = 0; i < 24; i++) {
      String key = "a" + i;
      Context.CancellableContext call = Context.current().withCancellation();
      Thread caller =
          Thread.ofVirtual()
              .start(() ->
                  call.run(() ->
                      assertThat(Statuses.codeOf(() -> client.prepare(key, "c")))
                          .isIn(Code.OK, Code.CANCELLED)));
      Thread.sleep(Duration.ofNanos(i * 100_000L)); // another moment each time
      call.cancel(null);
      caller.join();
    }
    for (int i = 0; i < 24; i++) {
      String key = "a" + i;
      assertThat(Statuses.codeOf(() -> client.prepare(key, "c")))
          .isIn(Code.OK, Code.ALREADY_EXISTS);
      assertThat(client.mounts(key)).isNotEmpty();
      client.remove(key);
    }
    assertNames(List.of(), "c");
  }
}
