package dev.asterism.cli.admin;

import dev.asterism.cli.metrics.Metrics;
import dev.asterism.layers.LayerService;
import java.io.IOException;
import java.util.List;

/// What there is in a daemon with one store. Immutable.
record DaemonState(DaemonView daemon, Metrics registered) implements StateEndpoints.State {
  @Override
  public String status() throws IOException {
    return StatusJson.text(daemon);
  }

  @Override
  public String images() throws IOException {
    return LayersJson.text(daemon);
  }

  @Override
  public List<LayerService> services() {
    return List.of(daemon.layers());
  }

  @Override
  public String metrics() throws IOException {
    return registered.text();
  }
}
