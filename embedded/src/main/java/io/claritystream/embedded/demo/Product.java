package io.claritystream.embedded.demo;

import java.util.List;

/// What is bottled.
///
/// @param pace the share of a line's nominal speed that it allows
record Product(
    String sku,
    String description,
    int volumeMl,
    boolean carbonated,
    double fillTemperatureC,
    double pace) {

  static final List<Product> ALL =
      List.of(
          new Product("NG-SPW-0500", "Spring water 0.5 l", 500, false, 12.0, 1.00),
          new Product("NG-SPW-1500", "Spring water 1.5 l", 1_500, false, 12.0, 0.62),
          new Product("NG-SPK-0750", "Sparkling water 0.75 l", 750, true, 7.0, 0.88),
          new Product("NG-LEM-0330", "Cloudy lemonade 0.33 l", 330, true, 6.0, 0.97),
          new Product("NG-TON-0500", "Tonic 0.5 l", 500, true, 6.0, 0.90),
          new Product("NG-APL-1000", "Apple spritzer 1 l", 1_000, true, 6.5, 0.74),
          new Product("NG-TEA-0500", "Iced tea 0.5 l", 500, false, 9.0, 0.93));
}
