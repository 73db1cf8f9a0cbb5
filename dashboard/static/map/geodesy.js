/* Distances and areas on the WGS 84 ellipsoid, and the web map's square of 0 to 1. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const A = 6378137;
  const F = 1 / 298.257223563;
  const B = A * (1 - F);
  const E2 = F * (2 - F);
  const E = Math.sqrt(E2);
  const RAD = Math.PI / 180;

  CG.unitX = (lon) => (lon + 180) / 360;
  CG.unitY = (lat) => {
    const clamped = Math.max(-85.0511287798, Math.min(85.0511287798, lat));
    return (1 - Math.asinh(Math.tan(clamped * RAD)) / Math.PI) / 2;
  };
  CG.unitLatitude = (y) => Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) / RAD;

  /** Pixels of one metre on the ground, at a height y of the unit square and a scale in pixels. */
  CG.pixelsOfMetre = (y, scale) => scale / (2 * Math.PI * A * Math.cos(CG.unitLatitude(y) * RAD));

  /** Metres between two points (Vincenty 1975); points on opposite sides of the earth: great circle. */
  CG.distance = function (from, to) {
    const L = (to[0] - from[0]) * RAD;
    const U1 = Math.atan((1 - F) * Math.tan(from[1] * RAD));
    const U2 = Math.atan((1 - F) * Math.tan(to[1] * RAD));
    const [s1, c1, s2, c2] = [Math.sin(U1), Math.cos(U1), Math.sin(U2), Math.cos(U2)];
    let lambda = L;
    for (let round = 0; round < 100; round++) {
      const [sl, cl] = [Math.sin(lambda), Math.cos(lambda)];
      const sinSigma = Math.hypot(c2 * sl, c1 * s2 - s1 * c2 * cl);
      if (sinSigma === 0) return 0;
      const cosSigma = s1 * s2 + c1 * c2 * cl;
      const sigma = Math.atan2(sinSigma, cosSigma);
      const sinAlpha = (c1 * c2 * sl) / sinSigma;
      const cos2 = 1 - sinAlpha * sinAlpha;
      const mid = cos2 === 0 ? 0 : cosSigma - (2 * s1 * s2) / cos2;
      const C = (F / 16) * cos2 * (4 + F * (4 - 3 * cos2));
      const before = lambda;
      lambda = L + (1 - C) * F * sinAlpha *
        (sigma + C * sinSigma * (mid + C * cosSigma * (2 * mid * mid - 1)));
      if (Math.abs(lambda - before) < 1e-12) {
        const u2 = (cos2 * (A * A - B * B)) / (B * B);
        const K1 = 1 + (u2 / 16384) * (4096 + u2 * (u2 * (320 - 175 * u2) - 768));
        const K2 = (u2 / 1024) * (256 + u2 * (u2 * (74 - 47 * u2) - 128));
        const delta = K2 * sinSigma * (mid + (K2 / 4) * (cosSigma * (2 * mid * mid - 1) -
          (K2 / 6) * mid * (4 * sinSigma * sinSigma - 3) * (4 * mid * mid - 3)));
        return B * K1 * (sigma - delta);
      }
    }
    return A * Math.acos(s1 * s2 + c1 * c2 * Math.cos(L));
  };

  /** Metres along a line of points. */
  CG.lengthOf = (points) =>
    points.slice(1).reduce((sum, point, i) => sum + CG.distance(points[i], point), 0);

  const q = (lat) => {
    const s = Math.sin(lat * RAD);
    return (1 - E2) * (s / (1 - E2 * s * s) + Math.atanh(E * s) / E);
  };

  /**
   * Square metres inside a ring of [longitude, latitude].
   * Lambert's equal-area cylinder keeps areas exact; edges are straight on it, which for areas up to
   * a district differs from geodesic edges by less than a map can show.
   */
  CG.areaOf = function (ring) {
    let sum = 0;
    for (let i = 0; i < ring.length; i++) {
      const [a, b] = [ring[i], ring[(i + 1) % ring.length]];
      sum += (b[0] - a[0]) * RAD * (q(a[1]) + q(b[1]));
    }
    return Math.abs((sum * A * A) / 4);
  };

  /** Whether any two edges of a ring cross; such a drawing has no area one could mean. */
  CG.crossesItself = function (ring) {
    const side = (a, b, c) => Math.sign((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]));
    const n = ring.length;
    for (let i = 0; i < n; i++) {
      for (let j = i + 2; j < n; j++) {
        if (i === 0 && j === n - 1) continue;
        const [a, b, c, d] = [ring[i], ring[i + 1], ring[j], ring[(j + 1) % n]];
        if (side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0) return true;
      }
    }
    return false;
  };

  CG.metres = (m) =>
    m < 1000 ? `${CG.number(m, m < 10 ? 1 : 0)} m` : `${CG.number(m / 1000, m < 10000 ? 2 : 1)} km`;

  CG.hectares = (m2) =>
    m2 < 1e4 ? `${CG.number(m2, 0)} m² (${CG.number(m2 / 1e4, 2)} ha)` : `${CG.number(m2 / 1e4, m2 < 1e6 ? 2 : 1)} ha`;

  CG.coordinates = (lon, lat, digits) =>
    `${Math.abs(lat).toFixed(digits)}° ${lat < 0 ? "S" : "N"}, ` +
    `${Math.abs(lon).toFixed(digits)}° ${lon < 0 ? "W" : "E"}`;
})();
