package io.claritystream.base.outbound;

import java.net.InetAddress;

/// A range of addresses: those that begin with the same bits.
record Network(InetAddress base, int bits) {

  Network {
    if (bits < 0 || bits > base.getAddress().length * 8) {
      throw new IllegalArgumentException("a network has between 0 and as many bits as its address");
    }
  }

  /// `10.0.0.0/8`, or one address alone. Names are not looked up.
  static Network parse(String text) {
    int slash = text.indexOf('/');
    String literal = slash < 0 ? text : text.substring(0, slash);
    // The JDK would also read `10.1` as 10.0.0.1.
    if (literal.indexOf(':') < 0 && !Destination.DOTTED.matcher(literal).matches()) {
      throw new IllegalArgumentException("not an address");
    }
    InetAddress base = InetAddress.ofLiteral(literal);
    int all = base.getAddress().length * 8;
    return new Network(base, slash < 0 ? all : Integer.parseInt(text.substring(slash + 1)));
  }

  boolean contains(InetAddress address) {
    byte[] mine = base.getAddress();
    byte[] other = address.getAddress();
    if (mine.length != other.length) {
      return false;
    }
    int whole = bits / 8;
    for (int at = 0; at < whole; at++) {
      if (mine[at] != other[at]) {
        return false;
      }
    }
    int rest = bits % 8;
    int mask = rest == 0 ? 0 : 0xff << (8 - rest);
    return rest == 0 || (mine[whole] & mask) == (other[whole] & mask);
  }
}
