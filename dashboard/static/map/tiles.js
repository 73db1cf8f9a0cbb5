/* Rasters: pictures of 256 x 256 pixels, fetched for what is in view and drawn on the one canvas. */
(function () {
  "use strict";
  const CG = window.CommonGround;
  const SIZE = 256;
  const DEEPEST = 18;
  const KEPT = 400;

  CG.Tiles = class {
    /** The tiles of a raster's spec: a picture's are smooth, and no finer than its own pixels. */
    constructor(spec, arrived) {
      this.address = spec.tiles;
      this.arrived = arrived;
      this.smooth = Boolean(spec.picture);
      this.ending = spec.picture ? "webp" : "png";
      this.deepest = spec.deepest || DEEPEST;
      const [west, south, east, north] = spec.box || [-180, -85, 180, 85];
      this.box = [CG.unitX(west), CG.unitY(north), CG.unitX(east), CG.unitY(south)];
      this.kept = new Map();
    }

    /** Whether the raster reaches into a tile. */
    reaches(z, x, y) {
      const side = 1 / Math.pow(2, z);
      const [left, top, right, bottom] = this.box;
      return x * side <= right && (x + 1) * side >= left && y * side <= bottom && (y + 1) * side >= top;
    }

    /** How many tiles are still on their way, and how many did not come. */
    get waiting() {
      return [...this.kept.values()].filter((tile) => tile.state === "loading").length;
    }

    get failed() {
      return [...this.kept.values()].filter((tile) => tile.state === "failed").length;
    }

    /** Forget the tiles that did not come, so that they are asked for again. */
    retry() {
      for (const [key, tile] of this.kept) if (tile.state === "failed") this.kept.delete(key);
    }

    /** A tile, asked for if it is not here yet; the ones used last are kept. */
    tile(z, x, y, ask) {
      const key = `${z}/${x}/${y}`;
      let tile = this.kept.get(key);
      if (!tile && !ask) return null;
      if (!tile) {
        const image = new Image();
        tile = { image, state: "loading" };
        image.onload = () => { tile.state = "ready"; this.arrived(); };
        image.onerror = () => { tile.state = "failed"; this.arrived(); };
        image.src = this.address.replace("?", `${key}.${this.ending}?`);
      }
      this.kept.delete(key);
      this.kept.set(key, tile);
      for (const old of this.kept.keys()) {
        if (this.kept.size <= KEPT) break;
        this.kept.delete(old);
      }
      return tile;
    }

    /** Draw what is in view; until a tile is here, the part of a coarser one that covers it. */
    paint(view) {
      const { pen } = view;
      const z = Math.max(0, Math.min(this.deepest, Math.round(view.zoom + (view.sharp || 0))));
      const many = Math.pow(2, z);
      const side = view.scale / many;
      const [left, top] = [Math.floor(view.box[0] * many), Math.max(0, Math.floor(view.box[1] * many))];
      const [right, bottom] = [Math.floor(view.box[2] * many), Math.min(many - 1, Math.floor(view.box[3] * many))];
      const smooth = pen.imageSmoothingEnabled;
      // A pixel of land cover is a class: between two of them there is nothing to blend.
      pen.imageSmoothingEnabled = this.smooth;
      for (let x = left; x <= right; x++) {
        for (let y = top; y <= bottom; y++) {
          const wrapped = ((x % many) + many) % many;
          if (!this.reaches(z, wrapped, y)) continue;
          const tile = this.tile(z, wrapped, y, true);
          const at = [x * side - view.ox, y * side - view.oy];
          if (tile.state === "ready") pen.drawImage(tile.image, 0, 0, SIZE, SIZE, at[0], at[1], side, side);
          else this.paintCoarser(pen, [z, wrapped, y], at, side);
        }
      }
      pen.imageSmoothingEnabled = smooth;
    }

    paintCoarser(pen, [z, x, y], at, side) {
      for (let up = 1; up <= 5 && up <= z; up++) {
        const tile = this.tile(z - up, x >> up, y >> up, false);
        if (!tile || tile.state !== "ready") continue;
        const part = SIZE / Math.pow(2, up);
        const inside = [(x - ((x >> up) << up)) * part, (y - ((y >> up) << up)) * part];
        pen.drawImage(tile.image, inside[0], inside[1], part, part, at[0], at[1], side, side);
        return;
      }
    }
  };
})();
