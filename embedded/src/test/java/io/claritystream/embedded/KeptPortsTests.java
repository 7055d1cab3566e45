package io.claritystream.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class KeptPortsTests {
  @BeforeAll
  static void the_kernel_leaves_some() {
    assumeThat(KeptPorts.firstOfKernel()).isGreaterThan(KeptPorts.FIRST + 2_000);
  }

  @Test
  void none_is_one_that_the_kernel_hands_out() {
    KeptPorts ports = new KeptPorts();
    for (int i = 0; i < 250; i++) {
      assertThat(ports.take()).isBetween(KeptPorts.FIRST, KeptPorts.firstOfKernel() - 1);
    }
  }

  @Test
  void none_is_handed_out_twice_whoever_asks() {
    KeptPorts ours = new KeptPorts();
    KeptPorts another = new KeptPorts();
    List<Integer> all = new ArrayList<>();
    for (int i = 0; i < 250; i++) {
      all.add(ours.take());
      all.add(another.take());
    }
    assertThat(all).doesNotHaveDuplicates();
  }

  @Test
  void one_that_somebody_listens_on_is_left_to_him() throws IOException {
    KeptPorts ports = new KeptPorts();
    int next = ports.take() + 1;
    try (ServerSocket _ = new ServerSocket(next, 1, InetAddress.getLoopbackAddress())) {
      assertThat(ports.take()).isGreaterThan(next);
    }
  }
}
