// A map of outlines and one area, loaded when a reader opens it (app.js). Everything it draws comes from this node. It knows no rule: it
// fills in the fields of the form around it, and asks the node in words where what they say lies.
import { circle, control, latLng, latLngBounds, map as newMap, polygon, polyline, svg } from "leaflet/dist/leaflet-src.esm.js";

const lines = { color: "#2b4257", weight: 1.2, fillColor: "#c3ccd4", fillOpacity: 0.35, interactive: false };
const marked = { color: "#a4262c", weight: 3, fillColor: "#a4262c", fillOpacity: 0.25, interactive: false };
const STEP = 24, FAR = 160; // pixels that an arrow key moves the cross, and with Shift
const PATIENCE = 350; // ms after the last change before the node is asked
const DIGITS = 6; // of a degree: some ten centimetres

// outline: rings are differences in 10⁻⁵ degrees (territory.PartyOutline).
function outline(ring) {
  const out = [];
  for (let i = 0, lat = 0, lon = 0; i < ring.length; i += 2) {
    lat += ring[i];
    lon += ring[i + 1];
    out.push([lat / 1e5, lon / 1e5]);
  }
  return out;
}

const swap = ([lon, lat]) => [lat, lon];

// shapes of GeoJSON, as far as the node writes or a map draws it.
function shapes(o, radius = 0) {
  if (!o) return [];
  const c = o.coordinates;
  switch (o.type) {
    case "FeatureCollection": return o.features.flatMap((f) => shapes(f, radius));
    case "GeometryCollection": return o.geometries.flatMap((g) => shapes(g, radius));
    case "Feature": return shapes(o.geometry, o.properties?.radius_m ?? radius);
    case "Point": return [{ kind: "point", at: swap(c), radius }];
    case "MultiPoint": return c.map((p) => ({ kind: "point", at: swap(p), radius }));
    case "LineString": return [{ kind: "line", points: c.map(swap) }];
    case "MultiLineString": return c.map((l) => ({ kind: "line", points: l.map(swap) }));
    case "Polygon": return [{ kind: "polygon", rings: c.map((r) => r.map(swap)) }];
    case "MultiPolygon": return c.map((p) => ({ kind: "polygon", rings: p.map((r) => r.map(swap)) }));
  }
  return [];
}

function parsed(text) {
  try {
    return shapes(JSON.parse(text));
  } catch {
    return [];
  }
}

function layer(s) {
  switch (s.kind) {
    case "point": return circle(s.at, { ...marked, radius: Math.max(s.radius, 1), weight: s.radius > 1 ? 3 : 9 });
    case "line": return polyline(s.points, { ...marked, fill: false });
  }
  return polygon(s.rings, marked);
}

async function json(address, options) {
  const answer = await fetch(address, { credentials: "same-origin", ...options });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
}

export async function open(box) {
  const find = (name) => box.querySelector(`[data-${name}]`);
  const pane = find("pane"), d = box.dataset, form = d.where && box.closest("form");
  const map = newMap(pane, { attributionControl: false, zoomControl: false, keyboard: false, zoomAnimation: false, fadeAnimation: false, inertia: false,
    minZoom: 2, maxZoom: 19, renderer: svg({ padding: 0.5 }), boxZoom: false, doubleClickZoom: !form, scrollWheelZoom: false });
  map.getRenderer(map); // before anything is drawn
  map.setView([0, 0], 2);
  control.scale({ imperial: false }).addTo(map);
  const data = await json(d.outlines);
  for (const p of data.parties) for (const c of p.countries) polygon(c.map(outline), lines).addTo(map);
  const [south, west, north, east] = data.view;
  const whole = latLngBounds([south, west], [north, east]);
  let drawn = [];
  const draw = (list) => {
    for (const l of drawn) l.remove();
    drawn = list.map(layer);
    for (const l of drawn) l.addTo(map);
  };
  const lookAt = () => {
    const bounds = drawn.reduce((b, l) => b.extend(l.getBounds()), latLngBounds([]));
    if (bounds.isValid()) map.fitBounds(bounds, { maxZoom: 13, padding: [40, 40], animate: false });
    else map.fitBounds(whole, { animate: false });
  };
  const cross = find("cross");
  const tell = () => {
    const c = map.getCenter().wrap();
    cross.textContent = cross.dataset.says.replace("%s", `${c.lat.toFixed(5)}, ${c.lng.toFixed(5)}`);
  };
  map.on("moveend zoomend", tell);
  const act = { in: () => map.zoomIn(1, { animate: false }), out: () => map.zoomOut(1, { animate: false }), all: () => map.fitBounds(whole, { animate: false }) };
  const keys = { "+": "in", "=": "in", "-": "out", 0: "all" };
  if (form) drawing(box, map, form, draw, act, keys);
  else {
    draw(parsed(d.area));
    if (d.shape) { // it is narrower than the cells; whoever may not have it keeps these
      try {
        draw(shapes(await json(d.shape)));
      } catch { /* the cells stand */ }
    }
  }
  lookAt();
  tell();
  const arrows = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  pane.addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const far = e.shiftKey ? FAR : STEP;
    if (arrows[e.key]) map.panBy(arrows[e.key].map((x) => x * far), { animate: false });
    else if (act[keys[e.key]]) act[keys[e.key]]();
    else return;
    e.preventDefault();
  });
  for (const b of box.querySelectorAll("[data-do]")) b.addEventListener("click", () => act[b.dataset.do]());
  box.addEventListener("toggle", () => { if (box.open) map.invalidateSize(); });
}

// drawing lets the reader set points: by the cross and the button or Enter, or by a click. The fields are what counts: they are filled in
// from the points, and whatever is typed into them is drawn.
function drawing(box, map, form, draw, act, keys) {
  const field = form.elements, words = box.querySelector("[data-words]"), nothing = words.textContent;
  const radius = () => Math.max(0, Number(field.radius.value) || 0);
  const tool = () => form.querySelector(`[name="${box.querySelector("input[type=radio]").name}"]:checked`).value;
  let points = [], timer, asked;

  const written = () => {
    if (field.lat.value && field.lon.value) return [{ kind: "point", at: [Number(field.lat.value), Number(field.lon.value)], radius: radius() }];
    return parsed(field.geojson.value);
  };
  const valid = (list) => list.filter((s) => s.kind !== "point" || s.at.every(Number.isFinite) && Math.abs(s.at[0]) <= 90);
  const ask = () => {
    clearTimeout(timer);
    asked?.abort();
    if (!field.lat.value && !field.lon.value && !field.geojson.value) {
      words.textContent = nothing;
      return;
    }
    timer = setTimeout(async () => {
      asked = new AbortController();
      const body = new URLSearchParams(["lat", "lon", "radius", "geojson"].map((n) => [n, field[n].value]));
      try {
        words.textContent = (await json(box.dataset.where, { method: "POST", body, signal: asked.signal })).words;
      } catch (e) {
        if (e.name !== "AbortError") words.textContent = box.querySelector("[data-failed]").textContent;
      }
    }, PATIENCE);
  };
  // show draws the fields, or points that are not enough for a shape yet.
  const show = () => {
    const list = valid(written());
    if (list.length === 0 && points.length > 0) draw([...points.map((p) => ({ kind: "point", at: p, radius: 0 })), { kind: "line", points }]);
    else draw(list);
    ask();
  };
  const write = () => {
    const fixed = points.map((p) => p.map((x) => Number(x.toFixed(DIGITS))));
    const lonlat = fixed.map(swap);
    const one = tool() === "point";
    field.lat.value = one && fixed.length ? fixed[0][0] : "";
    field.lon.value = one && fixed.length ? fixed[0][1] : "";
    field.geojson.value = "";
    if (tool() === "line" && points.length > 1) field.geojson.value = JSON.stringify({ type: "LineString", coordinates: lonlat });
    if (tool() === "polygon" && points.length > 2) field.geojson.value = JSON.stringify({ type: "Polygon", coordinates: [[...lonlat, lonlat[0]]] });
    show();
  };
  const set = (at) => {
    const p = latLng(at).wrap();
    if (tool() === "point") points = [];
    points.push([p.lat, p.lng]);
    write();
  };
  // read goes on from what stands in the fields.
  const read = () => {
    const [s, ...more] = valid(written());
    points = [];
    if (s && more.length === 0) {
      points = s.kind === "polygon" ? (s.rings.length === 1 ? s.rings[0].slice(0, -1) : []) : s.points ?? [s.at];
      form.querySelector(`#${box.querySelector("input[type=radio]").id.replace("-point", "")}-${s.kind}`).checked = true;
    }
    show();
  };
  map.on("click", (e) => set(e.latlng));
  act.set = () => set(map.getCenter());
  act.undo = () => { points.pop(); write(); };
  act.clear = () => { points = []; write(); };
  Object.assign(keys, { Enter: "set", " ": "set", Backspace: "undo", Delete: "clear" });
  for (const n of ["lat", "lon", "geojson"]) field[n].addEventListener("change", read);
  field.radius.addEventListener("change", show);
  for (const r of box.querySelectorAll("input[type=radio]")) r.addEventListener("change", () => {
    if (tool() === "point") points = points.slice(-1);
    write();
  });
  read();
}
