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

  /** The points of an edge along the great circle, none more than a tenth of a degree apart. */
  function steps([lon1, lat1], [lon2, lat2]) {
    const vector = (lon, lat) => [Math.cos(lat * RAD) * Math.cos(lon * RAD), Math.cos(lat * RAD) * Math.sin(lon * RAD), Math.sin(lat * RAD)];
    const [u, v] = [vector(lon1, lat1), vector(lon2, lat2)];
    const angle = Math.acos(Math.min(1, u[0] * v[0] + u[1] * v[1] + u[2] * v[2]));
    const n = Math.ceil(angle / RAD / 0.1);
    const points = [[lon1, lat1]];
    for (let i = 1; i < n; i++) {
      const [a, b] = [Math.sin((1 - i / n) * angle), Math.sin((i / n) * angle)];
      const [x, y, z] = [0, 1, 2].map((k) => a * u[k] + b * v[k]);
      const lon = Math.atan2(y, x) / RAD;
      points.push([lon + 360 * Math.round((lon1 - lon) / 360), Math.atan2(z, Math.hypot(x, y)) / RAD]);
    }
    return points;
  }

  /**
   * Square metres inside a ring of [longitude, latitude], on Lambert's equal-area cylinder of the
   * ellipsoid; long edges follow the great circle, which is within metres of the geodesic.
   */
  CG.areaOf = function (ring) {
    const fine = ring.flatMap((point, i) => steps(point, ring[(i + 1) % ring.length]));
    let sum = 0;
    for (let i = 0; i < fine.length; i++) {
      const [a, b] = [fine[i], fine[(i + 1) % fine.length]];
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
