package io.claritystream.edge;

import io.claritystream.edge.Counters.Refusal;
import io.grpc.netty.shaded.io.netty.channel.Channel;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A listening socket that closes connections beyond its limits as soon as they are accepted,
/// before they cost a handshake.
final class ListenChannel extends NioServerSocketChannel {

  /// How many connections there are, in all and from each address.
  static final class Connections {
    private final int perAddressMax;
    private final int max;
    private final Counters counters;
    private final Map<InetAddress, Integer> byAddress = new HashMap<>();
    private int all;

    Connections(int perAddressMax, int max, Counters counters) {
      this.perAddressMax = perAddressMax;
      this.max = max;
      this.counters = counters;
    }

    synchronized int count() {
      return all;
    }

    private synchronized boolean add(InetAddress address) {
      if (all >= max) {
        counters.refused(Refusal.CONNECTIONS);
        return false;
      }
      int there = byAddress.getOrDefault(address, 0);
      if (there >= perAddressMax) {
        counters.refused(Refusal.CONNECTIONS_PER_ADDRESS);
        return false;
      }
      byAddress.put(address, there + 1);
      all++;
      counters.connections().increment();
      return true;
    }

    private synchronized void remove(InetAddress address) {
      all--;
      byAddress.computeIfPresent(address, (_, there) -> there == 1 ? null : there - 1);
    }
  }

  private final Connections connections;

  ListenChannel(Connections connections) {
    this.connections = connections;
  }

  @Override
  protected int doReadMessages(List<Object> accepted) throws Exception {
    int before = accepted.size();
    super.doReadMessages(accepted);
    for (int i = accepted.size() - 1; i >= before; i--) {
      Channel connection = (Channel) accepted.get(i);
      if (!(connection.remoteAddress() instanceof InetSocketAddress remote)) {
        continue; // It is gone already; its registration fails by itself.
      }
      InetAddress address = remote.getAddress();
      if (connections.add(address)) {
        connection.closeFuture().addListener(_ -> connections.remove(address));
      } else {
        accepted.remove(i);
        connection.unsafe().closeForcibly();
      }
    }
    return accepted.size() - before;
  }
}
