package io.claritystream.base.http;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpMethod;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.authorization.AuthorizationDecision;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.config.observation.SecurityObservationSettings;
import org.springframework.security.oauth2.server.resource.web.authentication.BearerTokenAuthenticationFilter;
import org.springframework.security.web.AuthenticationEntryPoint;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.access.AccessDeniedHandler;
import org.springframework.security.web.firewall.RequestRejectedHandler;

/// Stateless, and denied unless allowed.
@Configuration(proxyBeanMethods = false)
class SecurityConfiguration {

  private static final List<HttpMethod> READING =
      List.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.OPTIONS);

  @Bean
  SecurityFilterChain security(
      HttpSecurity http, AuthenticationManager accessTokens, ProblemResolver problems)
      throws Exception {
    AuthenticationEntryPoint signInNeeded =
        (request, response, failure) ->
            problems.write(
                request,
                response,
                Problem.of(
                    failure instanceof TokenRefused refused && refused.expired()
                        ? ProblemCode.TOKEN_EXPIRED
                        : ProblemCode.UNAUTHENTICATED,
                    null));
    AccessDeniedHandler denied =
        (request, response, failure) ->
            problems.write(request, response, Problem.of(ProblemCode.FORBIDDEN, null));
    AccessTokenSource tokens = new AccessTokenSource();

    http.authorizeHttpRequests(
        rules -> {
          rules.dispatcherTypeMatchers(DispatcherType.ASYNC, DispatcherType.ERROR).permitAll();
          for (PublicRoutes.Route route : PublicRoutes.ALL) {
            rules.requestMatchers(route.method(), route.pattern()).permitAll();
          }
          // What a route can be asked is in the API's description, which is for everybody.
          rules.requestMatchers(HttpMethod.OPTIONS, "/v1/**", "/.well-known/jwks.json").permitAll();
          rules.requestMatchers("/v1/**").authenticated();
          for (HttpMethod reading : READING) {
            rules.requestMatchers(reading, "/actuator/health/**").permitAll();
            rules
                .requestMatchers(reading, "/actuator/prometheus")
                .access(
                    (authentication, context) ->
                        new AuthorizationDecision(fromHere(context.getRequest())));
          }
          rules.requestMatchers("/actuator/**", "/.well-known/**").denyAll();
          for (HttpMethod reading : READING) {
            rules.requestMatchers(reading, "/**").permitAll();
          }
          rules.anyRequest().denyAll();
        });
    http.oauth2ResourceServer(
        server ->
            server
                .bearerTokenResolver(tokens)
                .authenticationManagerResolver(request -> accessTokens)
                .authenticationEntryPoint(signInNeeded)
                .accessDeniedHandler(denied));
    http.exceptionHandling(
        handling -> handling.authenticationEntryPoint(signInNeeded).accessDeniedHandler(denied));
    http.addFilterBefore(new CookieRule(problems), BearerTokenAuthenticationFilter.class);
    // The others are set for every answer, by SafeHeaders.
    http.headers(
        headers ->
            headers
                .defaultsDisabled()
                .cacheControl(Customizer.withDefaults())
                .httpStrictTransportSecurity(Customizer.withDefaults()));
    http.sessionManagement(
        session -> session.sessionCreationPolicy(SessionCreationPolicy.STATELESS));
    // CookieRule stands in its place.
    http.csrf(AbstractHttpConfigurer::disable);
    http.logout(AbstractHttpConfigurer::disable);
    http.requestCache(AbstractHttpConfigurer::disable);
    http.anonymous(anonymous -> {});
    return http.build();
  }

  /// A request is observed as a whole. Each filter of it apart took a tenth of what a request
  /// costs, and told nobody anything.
  @Bean
  SecurityObservationSettings securityObservations() {
    return SecurityObservationSettings.noObservations();
  }

  @Bean
  RequestRejectedHandler requestRejectedHandler(ProblemResolver problems) {
    return (request, response, rejected) ->
        problems.write(
            request,
            response,
            Problem.of(
                ProblemCode.VALIDATION_FAILED, "The address or a header is not acceptable."));
  }

  /// What a proxy on this machine relays comes from elsewhere. Of one that is trusted no such
  /// header is left, and the address is the client's.
  private static boolean fromHere(HttpServletRequest request) {
    if (request.getHeader("X-Forwarded-For") != null || request.getHeader("Forwarded") != null) {
      return false;
    }
    try {
      // A literal address is never looked up.
      return InetAddress.getByName(request.getRemoteAddr()).isLoopbackAddress();
    } catch (UnknownHostException noAddress) {
      return false;
    }
  }
}
