package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"entente/progress"
	"entente/record"
)

// sdmxAgency maintains the structure. A publisher that is registered as an agency puts its own in its place.
const sdmxAgency = "ENTENTE"

// The members of an SDMX-JSON 2.0.0 structure message (for SDMX 3.0, the information model of SDMX-CSV 2.0) that figures need.
type (
	sdmxMessage struct {
		Meta sdmxMeta `json:"meta"`
		Data sdmxData `json:"data"`
	}
	sdmxMeta struct {
		Schema    string    `json:"schema"`
		ID        string    `json:"id"`
		Test      bool      `json:"test"`
		Prepared  string    `json:"prepared"`
		Languages []string  `json:"contentLanguages"`
		Name      string    `json:"name"` // the mark of reader and time
		Sender    sdmxParty `json:"sender"`
	}
	sdmxParty struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	sdmxData struct {
		Structures []sdmxDSD      `json:"dataStructures"`
		Concepts   []sdmxConcepts `json:"conceptSchemes"`
		Codelists  []sdmxCodelist `json:"codelists"`
		Dataflows  []sdmxDataflow `json:"dataflows"`
	}
	// sdmxItem has an id, and a name by language.
	sdmxItem struct {
		ID    string            `json:"id"`
		Name  string            `json:"name"`
		Names map[string]string `json:"names"`
	}
	// sdmxMaintained is an item with the agency that maintains it.
	sdmxMaintained struct {
		sdmxItem
		Version string `json:"version"`
		Agency  string `json:"agencyID"`
	}
	sdmxCodelist struct {
		sdmxMaintained
		Codes []sdmxItem `json:"codes"`
	}
	sdmxConcepts struct {
		sdmxMaintained
		Concepts []sdmxItem `json:"concepts"`
	}
	sdmxDataflow struct {
		sdmxMaintained
		Structure string `json:"structure"`
	}
	sdmxDSD struct {
		sdmxMaintained
		Components sdmxComponents `json:"dataStructureComponents"`
	}
	sdmxComponents struct {
		Dimensions sdmxDimensions `json:"dimensionList"`
		Measures   sdmxMeasures   `json:"measureList"`
		Attributes sdmxAttributes `json:"attributeList"`
	}
	sdmxDimensions struct {
		ID         string          `json:"id"`
		Dimensions []sdmxComponent `json:"dimensions"`
		Time       sdmxComponent   `json:"timeDimension"`
	}
	sdmxMeasures struct {
		ID       string          `json:"id"`
		Measures []sdmxComponent `json:"measures"`
	}
	sdmxAttributes struct {
		ID         string          `json:"id"`
		Attributes []sdmxComponent `json:"attributes"`
	}
	sdmxComponent struct {
		ID             string             `json:"id"`
		Concept        string             `json:"conceptIdentity"`
		Representation sdmxRepresentation `json:"localRepresentation"`
		Usage          string             `json:"usage,omitempty"`
		Relationship   map[string]any     `json:"attributeRelationship,omitempty"`
	}
	sdmxRepresentation struct {
		Enumeration string         `json:"enumeration,omitempty"`
		Format      map[string]any `json:"format,omitempty"`
	}
)

// sdmxTotal is the code of all together in the code lists of SDMX: a dimension is never empty.
const sdmxTotal = "_T"

// sdmxCode writes a word as the id of a code, which has letters, digits, $ _ and - alone. What else it has becomes its number in
// Unicode between two $, so that two words never become one code.
func sdmxCode(s string) string {
	if s == "" {
		return sdmxTotal
	}
	var b strings.Builder
	for _, c := range s {
		if c < 128 && (c == '_' || c == '-' || unicode.IsLetter(c) || unicode.IsDigit(c)) {
			b.WriteRune(c)
		} else {
			fmt.Fprintf(&b, "$%X$", c)
		}
	}
	return b.String()
}

// sdmxFrequencies and sdmxStatuses are the codes of the cross-domain lists CL_FREQ and CL_OBS_STATUS that figures use.
var (
	sdmxFrequencies = map[progress.Span]string{progress.Month: "M", progress.Quarter: "Q", progress.Year: "A", progress.Cumulative: "_O", progress.Irregular: "_O"}
	sdmxStatuses    = map[progress.Status]string{progress.Provisional: "P", progress.Missing: "O", progress.Revised: "A", progress.Final: "A"}
)

// sdmxStructureOf is the structure of figures-sdmx.csv: the structure definition, its concepts, the code lists with the codes that
// these figures use, and the dataflow.
func (w *Web) sdmxStructureOf(r *request, figures []reportedFigure) ([]byte, error) {
	langs := readerFirst(r.lang, r.group.Chart.Languages)
	item := func(id string, say func(*request) string) sdmxItem {
		x := sdmxItem{ID: id, Names: map[string]string{}}
		for _, l := range langs {
			x.Names[l] = cmp.Or(say(r.speaking(l)), id)
		}
		x.Name = x.Names[langs[0]]
		return x
	}
	kept := func(id, key string) sdmxMaintained {
		return sdmxMaintained{item(id, func(r *request) string { return r.t(key) }), "1.0", sdmxAgency}
	}
	urn := func(class, id, of string) string {
		return "urn:sdmx:org.sdmx.infomodel." + class + "=" + sdmxAgency + ":" + id + "(1.0)" + of
	}
	var d sdmxData
	concepts := sdmxConcepts{sdmxMaintained: kept("CONCEPTS", "sdmx.concepts")}
	component := func(id, key string) sdmxComponent {
		concepts.Concepts = append(concepts.Concepts, item(id, func(r *request) string { return r.t(key) }))
		return sdmxComponent{ID: id, Concept: urn("conceptscheme.Concept", "CONCEPTS", "."+id)}
	}
	// coded is a component with a list of the codes that the figures use: word of each figure, said by say.
	coded := func(id, key string, word func(f *reportedFigure) (code, of string), say func(r *request, of string) string) sdmxComponent {
		list := sdmxCodelist{sdmxMaintained: kept("CL_"+id, key)}
		seen := map[string]bool{}
		for i := range figures {
			code, of := word(&figures[i])
			if code == "" || seen[code] {
				continue
			}
			seen[code] = true
			list.Codes = append(list.Codes, item(code, func(r *request) string {
				if code == sdmxTotal {
					return r.t("differs.all")
				}
				return say(r, of)
			}))
		}
		slices.SortFunc(list.Codes, func(a, b sdmxItem) int { return cmp.Compare(a.ID, b.ID) })
		x := component(id, key)
		if len(list.Codes) == 0 { // a list without codes is none
			x.Representation = sdmxRepresentation{Format: map[string]any{"dataType": "String"}}
			return x
		}
		d.Codelists = append(d.Codelists, list)
		x.Representation = sdmxRepresentation{Enumeration: urn("codelist.Codelist", "CL_"+id, "")}
		return x
	}
	typed := func(id, key, of string) sdmxComponent {
		x := component(id, key)
		x.Representation = sdmxRepresentation{Format: map[string]any{"dataType": of}}
		return x
	}
	word := func(of func(f *reportedFigure) string) func(*reportedFigure) (string, string) {
		return func(f *reportedFigure) (string, string) { return sdmxCode(of(f)), of(f) }
	}
	plain := func(_ *request, of string) string { return of }
	var titles = map[string]string{}
	for i := range figures {
		titles[figures[i].indicator.Fact("code")] = figures[i].title
	}
	dsd := sdmxDSD{sdmxMaintained: kept("FIGURES", "indicator.figures")}
	dsd.Components.Dimensions = sdmxDimensions{ID: "DimensionDescriptor", Dimensions: []sdmxComponent{
		coded("INDICATOR", "indicators.one", word(func(f *reportedFigure) string { return f.indicator.Fact("code") }), func(_ *request, code string) string { return titles[code] }),
		coded("REPORTING_PARTY", "party", word(func(f *reportedFigure) string { return string(f.series.Party) }), func(r *request, p string) string {
			return r.group.PartyName(record.Party(p))
		}),
		coded("AREA", "figures.area", word(func(f *reportedFigure) string { return f.series.Area }), plain),
		coded("BREAKDOWN", "figures.part", word(func(f *reportedFigure) string { return f.series.Disaggregation }), plain),
		coded("UNIT_MEASURE", "indicator.unit", word(func(f *reportedFigure) string { return f.series.Unit }), (*request).unit),
		coded("FREQ", "sdmx.freq", func(f *reportedFigure) (string, string) {
			return sdmxFrequencies[f.series.Span], string(f.series.Span)
		}, func(r *request, span string) string {
			if sdmxFrequencies[progress.Span(span)] == "_O" {
				return r.t("sdmx.other")
			}
			return r.t("span." + span)
		}),
	}, Time: typed("TIME_PERIOD", "indicator.when", "ObservationalTimePeriod")}
	measure := typed("OBS_VALUE", "signal.value", "Decimal")
	measure.Usage = "optional" // what is missing has none
	dsd.Components.Measures = sdmxMeasures{ID: "MeasureDescriptor", Measures: []sdmxComponent{measure}}
	for _, x := range []sdmxComponent{
		coded("OBS_STATUS", "sdmx.status", func(f *reportedFigure) (string, string) {
			s := sdmxStatuses[f.point.Status]
			return s, s
		}, func(r *request, code string) string { return r.t("sdmx.status." + strings.ToLower(code)) }),
		coded("REPORTED_STATUS", "differs.status", word(func(f *reportedFigure) string { return string(f.point.Status) }), func(r *request, s string) string { return r.t("status." + s) }),
		typed("SOURCE", "figures.source", "String"), typed("VINTAGE", "figures.vintage", "String"), typed("CONVERSION_FACTOR", "export.factor", "String"),
		coded("CONVERSION_UNIT", "export.factor-unit", func(f *reportedFigure) (string, string) {
			if x := f.conversion(); x != nil {
				return sdmxCode(x.To), x.To
			}
			return "", ""
		}, (*request).unit),
		typed("COPY", "export.by", "String"),
	} {
		x.Usage = "optional"
		x.Relationship = map[string]any{"observation": map[string]any{}}
		dsd.Components.Attributes.Attributes = append(dsd.Components.Attributes.Attributes, x)
	}
	dsd.Components.Attributes.ID = "AttributeDescriptor"
	d.Structures, d.Concepts = []sdmxDSD{dsd}, []sdmxConcepts{concepts}
	d.Dataflows = []sdmxDataflow{{kept("FIGURES", "indicator.figures"), urn("datastructure.DataStructure", "FIGURES", "")}}
	meta := sdmxMeta{ID: "FIGURES-" + r.group.ID.Short(), Prepared: time.Unix(w.node.Now(), 0).UTC().Format(time.RFC3339), Sender: sdmxParty{ID: string(w.node.Party()), Name: r.group.PartyName(w.node.Party())},
		Languages: langs,
		Schema:    "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/master/structure-message/tools/schemas/2.0.0/sdmx-json-structure-schema.json", Name: w.copied(r)}
	b, err := json.MarshalIndent(sdmxMessage{meta, d}, "", " ")
	return append(b, '\n'), err
}
