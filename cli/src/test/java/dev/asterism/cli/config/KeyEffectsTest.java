package dev.asterism.cli.config;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cli.TestSources;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Which tests show what each key does. That its value is read, and one without an effect refused
/// by name with the reason, [KeysTest] shows for all of them; that it reaches the part that it is
/// for, `DaemonSettingsTest` where no daemon is started; and what that part then does, these.
class KeyEffectsTest {
  private static final String SETTINGS = "DaemonSettingsTest#";

  private static final Map<Key, List<String>> SHOWN_BY =
      Map.ofEntries(
          entry(
              Key.ALLOW_NO_VERIFICATION,
              List.of(
                  SETTINGS + "verification_eachKey_isThatOfSnapshots",
                  "RemoteLabelsTest#request_withSkipLabel_skipsOnlyWherePolicyAndManifestAllow",
                  "ConfiguredSourcesTest#layer_withoutATocDigest_isLazyOnlyWhereThatIsAllowed")),
          entry(
              Key.DISABLE_VERIFICATION,
              List.of(
                  SETTINGS + "verification_eachKey_isThatOfSnapshots",
                  "UnverifiedLayerTest#read_twice_comesFromTheLayersOwnFilesAndNothingIsShared",
                  "ConfiguredSourcesTest#layer_withoutATocDigest_isLazyOnlyWhereThatIsAllowed")),
          entry(
              Key.LOG_FILE_ACCESS, List.of("LookingInsideTest#keys_bothSet_showWhatTheDaemonDoes")),
          entry(Key.NO_PROMETHEUS, List.of("ListeningKeysTest#daemon_noPrometheus_listensNowhere")),
          entry(
              Key.METRICS_ADDRESS,
              List.of("ListeningKeysTest#daemon_addressesAreSet_listensThere")),
          entry(Key.DEBUG_ADDRESS, List.of("LookingInsideTest#keys_bothSet_showWhatTheDaemonDoes")),
          entry(
              Key.NOPREFETCH,
              List.of(
                  SETTINGS + "starts_everyKey_isThatOfLayers",
                  "PrefetchTest#prepare_noprefetch_fetchesNothing",
                  "FetchingTest#image_withALandmarkAndNoPrefetchConfigured_fetchesOnlyWhatIsRead")),
          entry(
              Key.PREFETCH_SIZE,
              List.of(
                  SETTINGS + "starts_everyKey_isThatOfLayers",
                  "PrefetchTest#prepare_layerThatSaysNothing_fetchesAsMuchAsIsConfigured")),
          entry(
              Key.PREFETCH_TIMEOUT,
              List.of(
                  SETTINGS + "starts_everyKey_isThatOfLayers",
                  "PrefetchTest#mount_patienceConfigured_waitsForThePrefetch")),
          entry(
              Key.PREFETCH_ASYNC_SIZE,
              List.of(
                  SETTINGS + "starts_everyKey_isThatOfLayers",
                  "PrefetchTest#mount_prefetchLargerThanTheAsyncSize_isNotWaitedFor")),
          entry(
              Key.NO_BACKGROUND_FETCH,
              List.of(
                  SETTINGS + "starts_everyKey_isThatOfLayers",
                  "BackgroundFetchTest#layer_complete_needsNeitherRegistryNorDaemon",
                  "FetchingTest#layer_daemonIsKilledWhileItComes_goesOnWhereItWasAndThenNeedsNobody",
                  "PrefetchTest#prepare_noprefetch_fetchesNothing")),
          entry(
              Key.MAX_CONCURRENCY,
              List.of(
                  SETTINGS + "starts_everyKey_isThatOfLayers",
                  "MaxConcurrencyTest#background_moreAtATime_asksForMoreAtOnceAndForNoMoreThanAllowed")),
          entry(
              Key.FETCHING_TIMEOUT,
              List.of(
                  SETTINGS + "blob_everyKey_isThatOfRequests",
                  "PatienceTest#read_bytesThatComeOneByOne_endsWhenPatienceDoes")),
          entry(
              Key.MAX_RETRIES,
              List.of(
                  SETTINGS + "blob_everyKey_isThatOfRequests",
                  "RangeReadTest#read_statusThatStays_isTriedAsOftenAsThePolicySaysAndNoMore")),
          entry(
              Key.MIN_WAIT,
              List.of(
                  SETTINGS + "blob_everyKey_isThatOfRequests",
                  "PausesTest#read_statusThatStays_pausesAsThePolicySays")),
          entry(
              Key.MAX_WAIT,
              List.of(
                  SETTINGS + "blob_everyKey_isThatOfRequests",
                  "PausesTest#read_statusThatStays_pausesNoLongerThanThePolicySays")),
          entry(
              Key.ENABLE_HARDLINK,
              List.of(
                  SETTINGS + "directoryCache_everyKey_isThatOfTheStore",
                  "PlainModeTest#read_sameContentInTwoLayers_isACopyForEachThatWasRead")),
          entry(
              Key.MAX_LRU,
              List.of(
                  SETTINGS + "directoryCache_everyKey_isThatOfTheStore",
                  "DirectoryCacheConfigTest#maxLruCacheEntry_oneMoreChunk_pushesTheOldestOutOfMemory")),
          entry(
              Key.MAX_FDS,
              List.of(
                  SETTINGS + "directoryCache_everyKey_isThatOfTheStore",
                  "DirectoryCacheConfigTest#maxCacheFds_oneMoreFile_closesTheOldest")),
          entry(
              Key.SYNC_ADD,
              List.of(
                  SETTINGS + "directoryCache_everyKey_isThatOfTheStore",
                  "LayerContentTest#awaitBytes_diskTakesItsTime_waitsForItIfToldTo")),
          entry(
              Key.DIRECT,
              List.of(
                  SETTINGS + "directoryCache_everyKey_isThatOfTheStore",
                  "DirectoryCacheConfigTest#direct_everyRead_opensTheDigestsFile")),
          entry(
              Key.FADV,
              List.of(
                  SETTINGS + "directoryCache_everyKey_isThatOfTheStore",
                  "DirectoryCacheConfigTest#fadviseDontneed_afterARead_leavesNoPagesInMemory")),
          entry(
              Key.FADVISE,
              List.of(
                  "ConfigurationFileTest#load_keysOfTheDirectoryCache_areRead",
                  "DirectoryCacheConfigTest#fadviseDontneed_afterARead_leavesNoPagesInMemory")),
          entry(
              Key.MAX_SIZE,
              List.of(
                  SETTINGS + "directoryCache_everyKey_isThatOfTheStore",
                  "BudgetTest#maxSize_exceeded_hasTheStoreShrink",
                  "BudgetTest#maxSize_exceededByWhatMustStay_refusesMore")),
          entry(
              Key.MIN_FREE,
              List.of(
                  SETTINGS + "directoryCache_everyKey_isThatOfTheStore",
                  "BudgetTest#minFree_notHalfOfThatIsFree_refusesUntilThereIsRoom",
                  "MinFreeMountTest#disk_filledByOthers_hasTheStoreShrinkAndHarmsNoReadAndNoPinnedImage")),
          entry(
              Key.UNUSED,
              List.of(
                  SETTINGS + "directoryCache_everyKey_isThatOfTheStore",
                  "UpkeepTest#clean_unreferencedForLong_removesItAndKeepsWhatLayersHold",
                  "UpkeepTest#clean_unreferencedSinceAMoment_keepsIt")),
          entry(
              Key.SCRUB_RATE,
              List.of(
                  SETTINGS + "directoryCache_everyKey_isThatOfTheStore",
                  "ScrubRateTest#rate_given_isHowFastTheStoreIsHashed",
                  "ScrubRateTest#rate_zero_isNoScrub")),
          entry(
              Key.SCOPE,
              List.of("NamespaceScopeTest#read_ofWhatAnotherNamespaceHas_asksTheRegistry")),
          entry(
              Key.ASYNC_REMOVE,
              List.of(
                  SETTINGS + "asyncRemove_set_isThatOfSnapshots",
                  "AsyncRemoveTest#remove_asynchronous_leavesTheDirectoryToCleanup",
                  "AsyncRemoveTest#remove_synchronous_deletesTheDirectory")),
          entry(
              Key.REQUEST_TIMEOUT,
              List.of(
                  SETTINGS + "requestTimeout_set_isThatOfEachRequestAndLeavesTimeToAskAgain",
                  "PatienceTest#read_answerComesLate_isTakenWhereARequestMayWaitForSoLong",
                  "PatienceTest#read_registryFallsSilent_failsAndWorksAgainAfterwards")),
          entry(
              Key.CONFIG_PATH,
              List.of(
                  "NodeHostsTest#endpoints_file_areItsHostsInOrderAndTheServer",
                  "ConfiguredSourcesTest#hosts_ofContainerdsFolder_areWhereLayersComeFrom")),
          entry(
              Key.AUTH_FILE,
              List.of(
                  "CredentialSourcesTest#dockerConfig_namesHelpers_asksThemBeforeItsOwnEntries",
                  "FaultyRegistryTest#read_tokensExpireMeanwhile_asksForNewOnesAndGivesTheRightBytes")),
          entry(
              Key.MIRRORS,
              List.of(
                  "MirrorReadTest#read_mirrorFailsMeanwhile_givesTheRightBytes",
                  "MirrorKeysTest#insecure_set_isAskedOverPlainHttp",
                  "MirrorKeysTest#requestTimeout_set_isHowLongTheMirrorMayTake",
                  "MirrorKeysTest#header_set_goesToTheMirrorAlone")),
          entry(
              Key.KUBECONFIG_ENABLE,
              List.of(
                  "PullSecretsTest#find_afterChanges_followsThem",
                  "ConfiguredSourcesTest#secrets_ofACluster_letTheDaemonInAndAreFollowed")),
          entry(
              Key.KUBECONFIG_PATH,
              List.of(
                  "PullSecretsTest#kubeconfig_thatComesLater_isRead",
                  "ConfiguredSourcesTest#secrets_ofACluster_letTheDaemonInAndAreFollowed")),
          entry(
              Key.CRI_ENABLE, List.of("CriTest#pod_withASecret_runsOnLazyLayersAndLeavesNothing")),
          entry(
              Key.CRI_SERVICE, List.of("CriTest#pod_withASecret_runsOnLazyLayersAndLeavesNothing")),
          entry(Key.CRI_LISTEN, List.of("ListeningKeysTest#daemon_addressesAreSet_listensThere")),
          entry(
              Key.NO_LEARNING,
              List.of(
                  SETTINGS + "starts_everyKey_isThatOfLayers",
                  "LearnedOrderTest#start_over_isRecorded",
                  "FetchingTest#start_secondOneOfAnImage_hasWhatTheFirstRead")),
          entry(
              Key.LEARNED_BYTES,
              List.of(
                  SETTINGS + "starts_everyKey_isThatOfLayers",
                  "LearnedOrderTest#replay_profileThatClaimsEverything_fetchesNoMoreThanItsBound")),
          entry(
              Key.OUTAGE_MODE,
              List.of(
                  SETTINGS + "starts_everyKey_isThatOfLayers",
                  "OutageTest#read_registryAwayAndBack_waitsAndIsRight")),
          entry(
              Key.OUTAGE_WAIT,
              List.of(
                  SETTINGS + "starts_everyKey_isThatOfLayers",
                  "OutageTest#read_boundedWait_isEioWhenItIsOverAndRightWhenTheRegistryIsBack")));

  @ParameterizedTest
  @EnumSource(Key.class)
  void key_thatIsUsed_isShownByTestsThatAreThere(Key key) throws IOException {
    List<String> tests = SHOWN_BY.getOrDefault(key, List.of());
    if (key.use() != Key.Use.USED) {
      assertThat(tests).as("%s has no effect: KeysTest", key.path()).isEmpty();
      return;
    }
    assertThat(tests).as("tests of the effect of %s", key.path()).isNotEmpty();
    TestSources sources = TestSources.find();
    for (String test : tests) {
      assertThat(sources.hasTest(test)).as("%s, for %s", test, key.path()).isTrue();
    }
  }

  /// The keys of the stargz snapshotter, of its revision 7cf47cba and the revisions with hard
  /// links: each is known.
  @Test
  void keys_ofTheStargzSnapshotter_areAllKnown() {
    Set<String> missing = new TreeSet<>(STARGZ);
    EnumSet.allOf(Key.class).forEach(key -> missing.remove(key.path()));
    assertThat(missing).isEmpty();
  }

  private static final Set<String> STARGZ =
      Set.of(
          "http_cache_type",
          "filesystem_cache_type",
          "resolve_result_entry_ttl_sec",
          "resolve_result_entry",
          "prefetch_size",
          "prefetch_timeout_sec",
          "prefetch_async_size",
          "noprefetch",
          "no_background_fetch",
          "debug",
          "allow_no_verification",
          "disable_verification",
          "max_concurrency",
          "no_prometheus",
          "log_file_access",
          "metrics_address",
          "debug_address",
          "ipfs",
          "metadata_store",
          "blob.valid_interval",
          "blob.check_always",
          "blob.chunk_size",
          "blob.fetching_timeout_sec",
          "blob.force_single_range_mode",
          "blob.prefetch_chunk_size",
          "blob.max_retries",
          "blob.min_wait_msec",
          "blob.max_wait_msec",
          "directory_cache.max_lru_cache_entry",
          "directory_cache.max_cache_fds",
          "directory_cache.sync_add",
          "directory_cache.direct",
          "directory_cache.fadv_dontneed",
          "directory_cache.enable_hardlink",
          "directory_cache.hardlink_root",
          "fuse.attr_timeout",
          "fuse.entry_timeout",
          "fuse.passthrough",
          "fuse.merge_buffer_size",
          "fuse.merge_worker_count",
          "resolver.request_timeout_sec",
          "resolver.host.*.mirrors",
          "kubeconfig_keychain.enable_keychain",
          "kubeconfig_keychain.kubeconfig_path",
          "cri_keychain.enable_keychain",
          "cri_keychain.image_service_path",
          "cri_keychain.listen_path",
          "snapshotter.allow_invalid_mounts_on_restart",
          "fuse_manager.enable",
          "fuse_manager.address",
          "fuse_manager.path",
          "fuse_manager.metrics_address");
}
