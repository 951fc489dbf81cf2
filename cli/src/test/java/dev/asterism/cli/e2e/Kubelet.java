package dev.asterism.cli.e2e;

import dev.asterism.cli.e2e.cri.AuthConfig;
import dev.asterism.cli.e2e.cri.ContainerConfig;
import dev.asterism.cli.e2e.cri.ContainerMetadata;
import dev.asterism.cli.e2e.cri.CreateContainerRequest;
import dev.asterism.cli.e2e.cri.ExecSyncRequest;
import dev.asterism.cli.e2e.cri.ExecSyncResponse;
import dev.asterism.cli.e2e.cri.IDMapping;
import dev.asterism.cli.e2e.cri.Image;
import dev.asterism.cli.e2e.cri.ImageServiceGrpc;
import dev.asterism.cli.e2e.cri.ImageSpec;
import dev.asterism.cli.e2e.cri.LinuxContainerConfig;
import dev.asterism.cli.e2e.cri.LinuxContainerSecurityContext;
import dev.asterism.cli.e2e.cri.LinuxPodSandboxConfig;
import dev.asterism.cli.e2e.cri.LinuxSandboxSecurityContext;
import dev.asterism.cli.e2e.cri.ListContainersRequest;
import dev.asterism.cli.e2e.cri.ListImagesRequest;
import dev.asterism.cli.e2e.cri.ListPodSandboxRequest;
import dev.asterism.cli.e2e.cri.NamespaceMode;
import dev.asterism.cli.e2e.cri.NamespaceOption;
import dev.asterism.cli.e2e.cri.PodSandboxConfig;
import dev.asterism.cli.e2e.cri.PodSandboxMetadata;
import dev.asterism.cli.e2e.cri.PodSandboxStatusRequest;
import dev.asterism.cli.e2e.cri.PullImageRequest;
import dev.asterism.cli.e2e.cri.RemoveContainerRequest;
import dev.asterism.cli.e2e.cri.RemoveImageRequest;
import dev.asterism.cli.e2e.cri.RemovePodSandboxRequest;
import dev.asterism.cli.e2e.cri.RunPodSandboxRequest;
import dev.asterism.cli.e2e.cri.RuntimeServiceGrpc;
import dev.asterism.cli.e2e.cri.StartContainerRequest;
import dev.asterism.cli.e2e.cri.StopContainerRequest;
import dev.asterism.cli.e2e.cri.StopPodSandboxRequest;
import dev.asterism.cli.e2e.cri.UserNamespace;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// What kubelet does with a node: images from one socket, pods and containers from another. Each
/// call fails as gRPC does, after two minutes at the latest. Confined to one thread.
final class Kubelet implements AutoCloseable {
  private static final long LIMIT_SECONDS = 120;

  private final EventLoopGroup io = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final ImageServiceGrpc.ImageServiceBlockingStub images;
  private final RuntimeServiceGrpc.RuntimeServiceBlockingStub runtime;
  private final Path logs;

  /// @param imageService kubelet's `--image-service-endpoint`
  /// @param runtimeService kubelet's `--container-runtime-endpoint`
  /// @param logs folder of the pods' logs
  Kubelet(Path imageService, Path runtimeService, Path logs) {
    this.images = ImageServiceGrpc.newBlockingStub(channel(imageService));
    this.runtime = RuntimeServiceGrpc.newBlockingStub(channel(runtimeService));
    this.logs = logs;
  }

  private ManagedChannel channel(Path socket) {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
            .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
            .eventLoopGroup(io)
            .withOption(ChannelOption.SO_KEEPALIVE, null)
            .overrideAuthority("localhost")
            .usePlaintext()
            .build();
    channels.add(channel);
    return channel;
  }

  private ImageServiceGrpc.ImageServiceBlockingStub images() {
    return images.withDeadlineAfter(LIMIT_SECONDS, TimeUnit.SECONDS);
  }

  private RuntimeServiceGrpc.RuntimeServiceBlockingStub runtime() {
    return runtime.withDeadlineAfter(LIMIT_SECONDS, TimeUnit.SECONDS);
  }

  private static ImageSpec spec(String image) {
    return ImageSpec.newBuilder().setImage(image).build();
  }

  /// Pulls without a secret.
  void pull(String image) {
    pull(image, AuthConfig.getDefaultInstance());
  }

  /// Pulls with a pull secret of the pod.
  void pull(String image, String user, String password) {
    pull(image, AuthConfig.newBuilder().setUsername(user).setPassword(password).build());
  }

  private void pull(String image, AuthConfig auth) {
    images().pullImage(PullImageRequest.newBuilder().setImage(spec(image)).setAuth(auth).build());
  }

  /// Removes an image; what only it needed has been collected when this returns.
  void removeImage(String image) {
    images().removeImage(RemoveImageRequest.newBuilder().setImage(spec(image)).build());
  }

  /// Lists the tags of the images that containerd has.
  List<String> listImages() {
    return images().listImages(ListImagesRequest.getDefaultInstance()).getImagesList().stream()
        .map(Image::getRepoTagsList)
        .flatMap(List::stream)
        .sorted()
        .toList();
  }

  /// How a pod of this name is asked for.
  ///
  /// @param network of its own, or the node's
  PodSandboxConfig pod(String name, NamespaceMode network) {
    return pod(name, NamespaceOption.newBuilder().setNetwork(network).build());
  }

  /// How a pod is asked for whose users are others on the node (`hostUsers: false`).
  ///
  /// @param first what its root is there; 65,536 ids from it on are the pod's
  PodSandboxConfig podWithUsersOfItsOwn(String name, int first) {
    IDMapping ids =
        IDMapping.newBuilder().setHostId(first).setContainerId(0).setLength(65_536).build();
    return pod(
        name,
        NamespaceOption.newBuilder()
            .setNetwork(NamespaceMode.POD)
            .setUsernsOptions(
                UserNamespace.newBuilder().setMode(NamespaceMode.POD).addUids(ids).addGids(ids))
            .build());
  }

  private PodSandboxConfig pod(String name, NamespaceOption namespaces) {
    return PodSandboxConfig.newBuilder()
        .setMetadata(
            PodSandboxMetadata.newBuilder().setName(name).setUid(name).setNamespace("test"))
        .setHostname(namespaces.getNetwork() == NamespaceMode.POD ? name : "")
        .setLogDirectory(logs.resolve(name).toString())
        .setLinux(
            LinuxPodSandboxConfig.newBuilder()
                .setSecurityContext(
                    LinuxSandboxSecurityContext.newBuilder().setNamespaceOptions(namespaces)))
        .build();
  }

  /// Runs a pod and returns its id.
  String run(PodSandboxConfig pod) {
    return runtime()
        .runPodSandbox(RunPodSandboxRequest.newBuilder().setConfig(pod).build())
        .getPodSandboxId();
  }

  /// Returns a pod's address; empty on the node's network.
  String address(String podId) {
    return runtime()
        .podSandboxStatus(PodSandboxStatusRequest.newBuilder().setPodSandboxId(podId).build())
        .getStatus()
        .getNetwork()
        .getIp();
  }

  /// Starts a container in a pod and returns its id.
  String start(String podId, PodSandboxConfig pod, String name, String image, String... command) {
    ContainerConfig config =
        ContainerConfig.newBuilder()
            .setMetadata(ContainerMetadata.newBuilder().setName(name))
            .setImage(spec(image))
            .addAllCommand(List.of(command))
            .setLogPath(name + ".log")
            .setLinux(
                LinuxContainerConfig.newBuilder()
                    .setSecurityContext(
                        LinuxContainerSecurityContext.newBuilder()
                            .setNamespaceOptions(
                                pod.getLinux().getSecurityContext().getNamespaceOptions())))
            .build();
    String id =
        runtime()
            .createContainer(
                CreateContainerRequest.newBuilder()
                    .setPodSandboxId(podId)
                    .setConfig(config)
                    .setSandboxConfig(pod)
                    .build())
            .getContainerId();
    runtime().startContainer(StartContainerRequest.newBuilder().setContainerId(id).build());
    return id;
  }

  /// Runs a shell script in a container, and returns what it prints; fails where it fails.
  String execute(String container, String script) {
    ExecSyncResponse answer =
        runtime()
            .execSync(
                ExecSyncRequest.newBuilder()
                    .setContainerId(container)
                    .addAllCmd(List.of("sh", "-ec", script))
                    .setTimeout(LIMIT_SECONDS)
                    .build());
    if (answer.getExitCode() != 0) {
      throw new AssertionError(
          "exit code %d: %s".formatted(answer.getExitCode(), answer.getStderr().toStringUtf8()));
    }
    return answer.getStdout().toStringUtf8().strip();
  }

  /// Stops a container and removes it.
  void removeContainer(String id) {
    runtime().stopContainer(StopContainerRequest.newBuilder().setContainerId(id).build());
    runtime().removeContainer(RemoveContainerRequest.newBuilder().setContainerId(id).build());
  }

  /// Stops a pod and removes it, with the containers in it.
  void removePod(String id) {
    runtime().stopPodSandbox(StopPodSandboxRequest.newBuilder().setPodSandboxId(id).build());
    runtime().removePodSandbox(RemovePodSandboxRequest.newBuilder().setPodSandboxId(id).build());
  }

  /// Counts pods and containers, whatever their state.
  int podsAndContainers() {
    return runtime().listPodSandbox(ListPodSandboxRequest.getDefaultInstance()).getItemsCount()
        + runtime().listContainers(ListContainersRequest.getDefaultInstance()).getContainersCount();
  }

  /// Removes every pod and every image.
  void removeAll() {
    runtime()
        .listPodSandbox(ListPodSandboxRequest.getDefaultInstance())
        .getItemsList()
        .forEach(pod -> removePod(pod.getId()));
    listImages().forEach(this::removeImage);
  }

  @Override
  public void close() {
    channels.forEach(ManagedChannel::shutdownNow);
    io.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }
}
