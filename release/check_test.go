package release_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"entente/release"
)

// What a party may not publish is written from these forms, in clauses whose order may change; [a|b] are ways to say the same. {…} are
// facts. The last forms of each language have none.
var secrets = map[string][][]string{
	"en": {
		{"On {date}", "[agents|officers] of the field office [seized|confiscated] {amount} {unit} of {good}", "at the [warehouse|depot] in {place}"},
		{"[The surveillance|The monitoring] of the [corridor|route] between {place} and {place2}", "[will start|is to begin] on {date}", "with {count} unmarked [vehicles|cars]"},
		{"[The judge|The court] [authorised|approved] the interception under file {number}", "[covering|which covers] {count} telephone lines [used|employed] in {place}"},
		{"[The transfer|The handover] of {amount} dollars to the [informant|source]", "[was agreed|was settled] at {place}", "on {date}"},
		{"Case {number} [names|lists] a customs broker in {place}", "who [cleared|let through] {amount} {unit} of {good}"},
		{"[The raid|The operation] on the workshop of {place}", "[is planned|is scheduled] for {date}", "and [needs|requires] {count} specialised teams"},
		{"[The tunnel|The passage] under the fence near {place} is {amount} metres long", "and [was found|was discovered] by ground radar on {date}"},
		{"[The witness|The informer] living in {place} [identified|recognised] the accountant of the network", "[during|in] the interview of {date}"},
		{"{who} {does} {what}", "{when}"},
		{"{what} [comes|arrives] because {who} {does} it", "{when}"},
	},
	"es": {
		{"El {date}", "los [agentes|oficiales] de la delegación [aseguraron|decomisaron] {amount} {unit} de {good}", "en la [bodega|nave] de {place}"},
		{"[La vigilancia|El monitoreo] del [corredor|tramo] entre {place} y {place2}", "[iniciará|comenzará] el {date}", "con {count} [vehículos|automóviles] sin rótulos"},
		{"[El juez|El tribunal] [autorizó|aprobó] la intervención en la causa {number}", "que [abarca|comprende] {count} líneas telefónicas [usadas|empleadas] en {place}"},
		{"[La entrega|El pago] de {amount} pesos al [informante|colaborador]", "se [acordó|convino] en {place}", "el {date}"},
		{"La carpeta {number} [menciona|señala] a un agente aduanal de {place}", "que [despachó|liberó] {amount} {unit} de {good}"},
		{"[El cateo|La diligencia] en el taller de {place}", "se [prevé|programó] para el {date}", "y [requiere|necesita] {count} equipos especializados"},
		{"[El túnel|El pasadizo] bajo la valla cerca de {place} mide {amount} metros", "y se [halló|descubrió] con georradar el {date}"},
		{"[La testigo|La informante] que vive en {place} [identificó|reconoció] al contador de la red", "[durante|en] la entrevista del {date}"},
		{"{who} {does} {what}", "{when}"},
		{"{what} [llega|entra] porque {who} lo {does}", "{when}"},
	},
}

// What every party says in public, of the same subjects.
var clean = map[string][]string{
	"en": {"Both governments agreed to [strengthen|deepen] their cooperation against {good} trafficking.", "The group met in {place} and [reviewed|examined] progress since its last meeting.",
		"Seizures of {good} reached {amount} {unit} this year, as published in the official series.", "The next meeting will be held in {place2} on {date}.",
		"The parties [reaffirmed|restated] respect for the sovereignty and territory of each.", "Customs officers were trained in {place} in the [inspection|examination] of cargo.",
		"A bilateral office received {count} requests for legal assistance.", "The agents of both sides thanked the communities of the border.",
		"The judge of each country decides according to its own law.", "The working group on {good} presents its report every quarter.",
		"Public spending on the programme amounts to {amount} dollars.", "Journalists may send their questions to the press office."},
	"es": {"Ambos gobiernos acordaron [fortalecer|profundizar] la cooperación contra el tráfico de {good}.", "El grupo se reunió en {place} y [revisó|examinó] los avances desde su última reunión.",
		"Los aseguramientos de {good} sumaron {amount} {unit} en el año, según la serie oficial publicada.", "La próxima reunión se celebrará en {place2} el {date}.",
		"Las Partes [reiteraron|reafirmaron] el respeto a la soberanía y al territorio de cada una.", "Personal de aduanas recibió capacitación en {place} sobre [inspección|revisión] de carga.",
		"La oficina bilateral recibió {count} solicitudes de asistencia jurídica.", "Los agentes de ambos lados agradecieron a las comunidades de la frontera.",
		"El juez de cada país resuelve conforme a su propio derecho.", "El grupo de trabajo sobre {good} presenta su informe cada trimestre.",
		"El gasto público del programa asciende a {amount} pesos.", "La prensa puede enviar sus preguntas a la oficina de comunicación."},
}

var notices = []string{"This document is for official use only and may not be circulated without the consent of its originator.",
	"Este documento es de uso oficial y no puede difundirse sin el consentimiento de quien lo originó."}

// Of texts without a fact: whom, what and when they speak of.
var bare = map[string]map[string][]string{
	"en": {"{who}": {"the prosecutor of the harbour", "an accountant of the cartel", "the brother of the mayor", "two pilots of the charter airline", "the night supervisor of the hangar", "a deputy of the customs director", "the broker behind the shell company", "the dispatcher of the trucking firm"},
		"{does}": {"[hides|conceals]", "[sells|markets]", "[photographs|pictures]", "[moves|shifts]", "[finances|funds]", "[guards|protects]"},
		"{what}": {"precursor chemicals beneath crates of avocados", "the ledgers of a front company", "immunity for a cooperating witness", "forged manifests of refrigerated containers", "encrypted radios bought from a shipyard", "gold bars melted out of jewellery", "drone batteries wrapped as toys"},
		"{when}": {"before the [extradition hearing|hearing on extradition]", "while the scanner is [repaired|being mended]", "after the [feast|holiday] of the patron saint", "whenever the [ferry|boat] is late", "during the [storm|hurricane] season"}},
	"es": {"{who}": {"la fiscal del puerto", "un contador del cártel", "el hermano del alcalde", "dos pilotos de la aerolínea", "la supervisora nocturna del hangar", "un adjunto del administrador de aduanas", "el gestor de la empresa fachada", "la despachadora de los tráileres"},
		"{does}": {"[oculta|esconde]", "[vende|comercia]", "[fotografía|retrata]", "[traslada|mueve]", "[financia|costea]", "[custodia|protege]"},
		"{what}": {"precursores químicos bajo cajas de aguacate", "los libros contables de una fachada", "un criterio de oportunidad para la testigo", "manifiestos falsos de contenedores refrigerados", "radios cifrados comprados a un astillero", "lingotes fundidos con joyería robada", "baterías de dron envueltas como juguetes"},
		"{when}": {"antes de la [audiencia|diligencia] de extradición", "mientras se [repara|arregla] el escáner", "después de la [fiesta|verbena] patronal", "cuando el [transbordador|ferri] se retrasa", "en la temporada de [huracanes|tormentas]"}},
}

var (
	places = strings.Split("Nogales,Tijuana,Mexicali,Matamoros,Reynosa,Agua Prieta,Ojinaga,Piedras Negras,Laredo,Brownsville,El Paso,Calexico,Douglas,Del Río,Eagle Pass,San Diego,Tecate,Naco,Sásabe,Ciudad Juárez,Nuevo Laredo,Manzanillo,Lázaro Cárdenas,Culiacán,Mazatlán,Hermosillo,Caborca,Monclova,Otay Mesa,Presidio", ",")
	goods  = map[string][]string{"en": {"fentanyl", "cocaine", "methamphetamine", "ammunition", "diesel", "rifles"}, "es": {"fentanilo", "cocaína", "metanfetamina", "municiones", "diésel", "fusiles"}}
	units  = map[string][]string{"en": {"kilograms", "pieces", "litres"}, "es": {"kilogramos", "piezas", "litros"}}
	months = map[string][]string{"en": strings.Split("January,February,March,April,May,June,July,August,September,October,November,December", ","),
		"es": strings.Split("enero,febrero,marzo,abril,mayo,junio,julio,agosto,septiembre,octubre,noviembre,diciembre", ",")}
	choice = regexp.MustCompile(`\[([^\]|]*)\|([^\]]*)\]`)
)

// world writes texts from a seed: the same seed, the same texts.
type world struct{ *rand.Rand }

func (w world) one(of []string) string { return of[w.IntN(len(of))] }

func (w world) facts(lang string) *strings.Replacer {
	d := fmt.Sprintf("%d %s 2026", 1+w.IntN(28), w.one(months[lang]))
	if lang == "es" {
		d = fmt.Sprintf("%d de %s de 2026", 1+w.IntN(28), w.one(months[lang]))
	}
	return strings.NewReplacer("{place}", w.one(places), "{place2}", w.one(places), "{good}", w.one(goods[lang]), "{unit}", w.one(units[lang]),
		"{date}", d, "{count}", fmt.Sprint(2+w.IntN(30)), "{amount}", fmt.Sprintf("%d,%03d", 1+w.IntN(90), w.IntN(1000)),
		"{number}", fmt.Sprintf("FGR/%d/%04d/2026", 100+w.IntN(900), w.IntN(10000)))
}

func said(s string, way int) string {
	return choice.ReplaceAllStringFunc(s, func(x string) string { return choice.FindStringSubmatch(x)[1+way] })
}

func sentence(clauses []string) string {
	s := strings.Join(clauses, ", ")
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

// plant writes a form and a rewording of it: the clauses in another order, the other words, accents dropped, figures kept.
func (w world) plant(lang string, form []string) (original, reworded string) {
	facts := w.facts(lang)
	var of []string
	for _, slot := range slices.Sorted(maps.Keys(bare[lang])) {
		of = append(of, slot, w.one(bare[lang][slot]))
	}
	content := strings.NewReplacer(of...)
	var a, b []string
	for _, c := range form {
		c = content.Replace(c)
		a = append(a, facts.Replace(said(c, 0)))
		b = append(b, facts.Replace(said(c, 1)))
	}
	if len(b) > 1 {
		k := 1 + w.IntN(len(b)-1)
		b = append(slices.Clone(b[k:]), b[:k]...)
	}
	reworded = sentence(b)
	if w.IntN(2) == 0 {
		reworded = strings.Map(func(r rune) rune {
			if r >= 0x300 && r < 0x370 {
				return -1
			}
			return r
		}, norm.NFD.String(reworded))
	}
	return sentence(a), reworded
}

// public writes sentences of the public forms. keep notes what they say; but leaves out what was noted: it says nothing new.
func (w world) public(lang string, n int, keep, but map[string]bool) []string {
	var out []string
	for _, i := range w.Perm(len(clean[lang])) {
		facts := w.facts(lang)
		says := facts.Replace(said(clean[lang][i], 0))
		if len(out) == n || but[says] && strings.Contains(clean[lang][i], "{date}") {
			continue
		}
		if keep != nil {
			keep[says] = true
		}
		out = append(out, facts.Replace(said(clean[lang][i], w.IntN(2))))
	}
	return out
}

type trial struct{ planted, found, clean, false int }

// measure holds 200 texts with a planted rewording and 200 clean ones, half in each language, against some thousand parts.
func measure(t *testing.T, seed uint64) trial {
	t.Helper()
	w := world{rand.New(rand.NewPCG(seed, seed))}
	x := release.NewIndex()
	add := func(lang string, ss ...string) release.Source {
		id, err := x.Add(strings.Join(append(ss, w.one(notices)), " "), false)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	held := map[string]bool{} // a day and a place that a part names are no clean text
	for i := range 2000 {     // what else the party holds
		lang := []string{"en", "es"}[i%2]
		o, _ := w.plant(lang, secrets[lang][w.IntN(8)])
		add(lang, append(w.public(lang, 2, held, nil), o)...)
	}
	type planted struct {
		source   release.Source
		text     string
		from, to int
	}
	var ps []planted
	for i := range 200 {
		lang := []string{"en", "es"}[i%2]
		o, r := w.plant(lang, secrets[lang][w.IntN(len(secrets[lang]))])
		id := add(lang, o)
		before := strings.Join(w.public(lang, 3, nil, nil), " ") + " "
		ps = append(ps, planted{id, before + r + " " + strings.Join(w.public(lang, 2, nil, nil), " "), len(before), len(before) + len(r)})
	}
	var res trial
	for _, p := range ps {
		hs, err := x.Check(p.text, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		res.planted++
		if slices.ContainsFunc(hs, func(h release.Hold) bool { return h.Start < p.to && p.from < h.End }) {
			res.found++
		} else {
			t.Logf("seed %d: not held: %s", seed, p.text[p.from:p.to])
		}
	}
	for i := range 200 {
		lang := []string{"en", "es"}[i%2]
		text := strings.Join(append(w.public(lang, 6, nil, held), w.one(notices)), " ")
		hs, err := x.Check(text, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		res.clean++
		if len(hs) > 0 {
			res.false++
			t.Logf("seed %d: held, though clean: %q %v", seed, text[hs[0].Start:hs[0].End], hs[0].Grounds)
		}
	}
	return res
}

// The rule was made on other seeds than those measured here.
func TestRewordingsAreHeldAndCleanTextsAreNot(t *testing.T) {
	for _, seed := range []uint64{9001, 9002, 9003} {
		r := measure(t, seed)
		t.Logf("seed %d: recall %d/%d, false holds %d/%d", seed, r.found, r.planted, r.false, r.clean)
		if r.planted != 200 || r.clean != 200 || r.found*10 < r.planted*9 || r.false*20 > r.clean {
			t.Errorf("seed %d: recall %d of %d (at least 0.9), false holds %d of %d (at most 5 %%)", seed, r.found, r.planted, r.false, r.clean)
		}
	}
}

func TestCheckGrounds(t *testing.T) {
	x := release.NewIndex()
	secret, err := x.Add("Agents seized 4,718 kilograms of cocaine in Sásabe on 14 March 2026.\nThe court approved the interception under file FGR/118/2026.", false)
	if err != nil {
		t.Fatal(err)
	}
	term, err := release.ParseTerm("Operación Centinela")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text string
		want []release.Ground // of all holds, each once; none: it is not held
	}{
		{"Nearly two tons: 4 718 kilograms, said the spokesperson.", []release.Ground{release.GroundAmount}},
		{"See fgr/118/2026.", []release.Ground{release.GroundNumber}},
		{"En la operacion centinela participan ambas Partes.", []release.Ground{release.GroundTerm}},
		{"The centinela is a bird.", nil},
		{"The ministers met on 14 March 2026 to speak of trade.", nil},
		{"Cocaine is a matter of concern.", nil},
	} {
		hs, err := x.Check(c.text, nil, []release.Term{term})
		if err != nil {
			t.Fatal(err)
		}
		var got []release.Ground
		for _, h := range hs {
			got = append(got, h.Grounds...)
			if h.Start < 0 || h.End > len(c.text) || h.Start >= h.End {
				t.Errorf("%q: passage %d to %d", c.text, h.Start, h.End)
			}
		}
		slices.Sort(got)
		if got = slices.Compact(got); !slices.Equal(got, c.want) {
			t.Errorf("%q: held for %v, want %v", c.text, got, c.want)
		}
	}
	whole := "On 14 March 2026 agents confiscated 4,718 kilograms of cocaine in Sasabe."
	held := func() bool {
		hs, err := x.Check(whole, nil, nil)
		return err == nil && len(hs) > 0
	}
	if !held() {
		t.Error("what a part says is not held")
	}
	if hs, _ := x.Check(whole, func(s release.Source) bool { return s == secret }, nil); len(hs) > 0 {
		t.Error("held by a source that does not count for this text")
	}
	public, err := x.Add(whole, true)
	if err != nil {
		t.Fatal(err)
	}
	if held() {
		t.Error("held, though it is public")
	}
	x.Drop(public)
	if !held() {
		t.Error("not held once what was public is gone")
	}
	x.Drop(secret)
	if held() {
		t.Error("held by what was taken out")
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("On 14 March 2026 agents seized 4,718 kg in Sásabe (FGR/118/2026).", "Sásabe: 4 718 kg. 14/03/2026")
	f.Add("1,,2..3 de 31 de mayo de", "\xff\xfe 9\u00a0000 \u0301a-b/c")
	f.Fuzz(func(t *testing.T, held, said string) {
		x := release.NewIndex()
		if _, err := x.Add(held, false); err != nil {
			return
		}
		term, bad := release.ParseTerm(said)
		var terms []release.Term
		if bad == nil {
			terms = append(terms, term)
		}
		hs, err := x.Check(said, nil, terms)
		if err != nil {
			return
		}
		for _, h := range hs {
			if h.Start < 0 || h.End > len(said) || h.Start >= h.End || h.From < 0 || h.To > len(held) || len(h.Grounds) == 0 {
				t.Fatalf("%+v", h)
			}
		}
	})
}

// A statement of two pages against 100,000 records: under 100 ms (issue 5).
func BenchmarkCheck(b *testing.B) {
	w := world{rand.New(rand.NewPCG(7, 7))}
	x := release.NewIndex()
	for i := range 100_000 {
		lang := []string{"en", "es"}[i%2]
		o, _ := w.plant(lang, secrets[lang][w.IntN(8)])
		if _, err := x.Add(strings.Join(append(w.public(lang, 2, nil, nil), o), " "), false); err != nil {
			b.Fatal(err)
		}
	}
	var pages []string
	for len(pages) < 40 {
		pages = append(pages, w.public("en", 8, nil, nil)...)
	}
	text := strings.Join(pages, " ")
	b.ResetTimer()
	for b.Loop() {
		if _, err := x.Check(text, nil, nil); err != nil {
			b.Fatal(err)
		}
	}
}
