package io.claritystream.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Ports on the loopback address for what is named to others before it listens, or is killed and
/// has to come back where it was. Whatever else happens on the machine, nobody takes such a port
/// while nobody listens there:
///
/// - They are none of those that the kernel hands out by itself, to a connection's own end or to
///   who asks for any port.
/// - A JVM listens on the first port of a block for as long as it lives, and hands out the others
///   of the block, each once. Another JVM finds the block taken.
public final class KeptPorts {
  static final int FIRST = 20_000;
  private static final int BLOCK = 100;
  private static final Path KERNEL = Path.of("/proc/sys/net/ipv4/ip_local_port_range");
  private static final KeptPorts OF_THIS_JVM = new KeptPorts();

  private final List<ServerSocket> blocks = new ArrayList<>();
  private int next;
  private int end;

  /// One that was not handed out before. Where the kernel hands out nearly all ports, as a machine
  /// may be set up, it is just any free one.
  public static int next() {
    return OF_THIS_JVM.take();
  }

  synchronized int take() {
    do {
      while (next < end) {
        int port = next++;
        try (ServerSocket _ = listener(port)) {
          return port;
        } catch (IOException e) {
          // Some program is there for good.
        }
      }
    } while (takeBlock());
    return Machine.freePort();
  }

  private boolean takeBlock() {
    int kernels = firstOfKernel();
    for (int port = Math.max(FIRST, end); port + BLOCK <= kernels; port += BLOCK) {
      try {
        blocks.add(listener(port));
        next = port + 1;
        end = port + BLOCK;
        return true;
      } catch (IOException e) {
        // Another JVM's.
      }
    }
    return false;
  }

  static int firstOfKernel() {
    try {
      // By a reader: whoever asks for a first byte alone is told nothing after it.
      return Integer.parseInt(Files.readAllLines(KERNEL).getFirst().strip().split("\\s+")[0]);
    } catch (IOException e) {
      return FIRST;
    }
  }

  private static ServerSocket listener(int port) throws IOException {
    return new ServerSocket(port, 1, InetAddress.getLoopbackAddress());
  }
}
