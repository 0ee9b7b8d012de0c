package demo

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"entente"
	"entente/node"
	"entente/record"
	"entente/territory"
)

// securityKey names the group that works at places.
const securityKey = "security"

// boundaryPlaces are where the example's boundary file may lie: beside the program, where make puts it, and in a working copy.
func boundaryPlaces() []string {
	out := []string{"territory/data/mx-us.boundary", "../territory/data/mx-us.boundary"}
	if exe, err := os.Executable(); err == nil {
		out = append([]string{filepath.Join(filepath.Dir(exe), "mx-us.boundary")}, out...)
	}
	return out
}

// readBoundary reads the example's boundary file. It is no part of the program (its data stand under a licence of their own): without
// it the example has no actions.
func readBoundary() ([]byte, error) {
	for _, p := range boundaryPlaces() {
		b, err := os.ReadFile(p)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return b, err
		}
	}
	return nil, nil
}

// named puts the boundary file into every node's folder and says how a charter names it; nil without one.
func (s *stage) named(file []byte) (*entente.Boundary, error) {
	if len(file) == 0 {
		return nil, nil
	}
	var out *entente.Boundary
	for _, p := range s.order {
		b, err := s.sides[p].node.AddBoundary(file)
		if err != nil {
			return nil, err
		}
		out = &entente.Boundary{Name: b.Name, Digest: record.ID(b.Digest()), BandM: b.BandM}
	}
	return out, nil
}

// act on a territory of the example: fictitious, at real places.
type fieldwork struct {
	key        Key
	by         record.Party
	line       string
	title      Text
	body       Text
	shape      territory.Area
	day        int // proposed
	from, to   int // days from now
	conditions []string
	agreed     bool // by all that must; else only its author has signed
	alone      bool // its author's officials alone take part
	low, high  int64
	stopped    Text // by its host, three days after, with these words; empty: it was not
}

func fieldworks() []fieldwork {
	place := func(lat, lon string) territory.Position {
		p, err := territory.ParsePosition(lat, lon)
		if err != nil {
			panic(err) // written here
		}
		return p
	}
	return []fieldwork{
		{key: "a-tunnel", by: "US", line: "tunnels", day: -2, from: 6, to: 9, conditions: []string{"accompanied", "reporting", "unarmed"},
			title: Text{En: "Survey and sealing of a tunnel at Otay Mesa", Es: "Reconocimiento y sellado de un túnel en Mesa de Otay"},
			body: Text{En: "Both sides survey the tunnel from their own end and seal it in the same week. Nobody crosses underground without the other side's official. Illustrative text.",
				Es: "Cada Parte reconoce el túnel desde su extremo y ambas lo sellan en la misma semana. Nadie cruza por el subsuelo sin un funcionario de la contraparte. Texto ilustrativo."},
			shape: territory.Area{Shapes: []territory.Shape{{Kind: territory.Line, Rings: [][]territory.Position{{place("32.5395", "-116.9735"), place("32.5480", "-116.9725")}}}}}},
		{key: "a-inspection", by: "MX", line: "arms", day: -9, from: 4, to: 5, agreed: true,
			title: Text{En: "Joint inspection of a customs yard near Tijuana", Es: "Inspección conjunta de un patio fiscal cerca de Tijuana"},
			body: Text{En: "Officials of both sides inspect the yard by day, as guests of the Mexican customs agency. Illustrative text.",
				Es: "Funcionarios de ambas Partes inspeccionan el patio de día, como invitados de la agencia aduanera mexicana. Texto ilustrativo."},
			conditions: []string{"accompanied", "unarmed"}, shape: territory.At(place("32.5335", "-116.9400"), 150)},
		{key: "a-high-seas", by: "MX", line: "drugs", day: -12, from: 20, to: 22, agreed: true,
			title: Text{En: "Exercise of both coast guards on the high seas of the Gulf", Es: "Ejercicio de ambas guardias costeras en alta mar, en el Golfo de México"},
			body: Text{En: "Two vessels practise hailing and search of a third that is part of the exercise. Illustrative text.",
				Es: "Dos buques practican el llamado y la visita de un tercero que forma parte del ejercicio. Texto ilustrativo."},
			conditions: []string{"reporting"}, shape: territory.At(place("24.5", "-92.5"), 5000)},
		{key: "a-yard", by: "MX", line: "arms", day: -8, from: 5, to: 6, agreed: true, alone: true,
			title: Text{En: "Inspection of a freight yard beside the crossing at Otay", Es: "Inspección de un patio de carga junto al cruce de Otay"},
			body: Text{En: "Mexican customs inspects a freight yard on its own side. It is close to the line, so the other side is told. Illustrative text.",
				Es: "La aduana mexicana inspecciona un patio de carga de su lado. Está cerca de la línea, por lo que se notifica a la contraparte. Texto ilustrativo."},
			conditions: []string{"reporting"}, shape: territory.At(place("32.5420", "-116.9390"), 100)},
		{key: "a-customs", by: "US", line: "arms", day: -8, from: 7, to: 8, agreed: true,
			title: Text{En: "Tracing workshop with serial numbers at the laboratory in Mexicali", Es: "Taller de rastreo con números de serie en el laboratorio de Mexicali"},
			body: Text{En: "Two officials work beside the experts of the prosecution service for a day. Illustrative text.",
				Es: "Dos funcionarios trabajan un día junto a los peritos de la fiscalía. Texto ilustrativo."},
			conditions: []string{"accompanied", "unarmed"}, shape: territory.At(place("32.6000", "-115.4600"), 200)},
		{key: "a-overflight", by: "US", line: "tunnels", day: -11, from: 2, to: 3, agreed: true, low: 60, high: 120,
			title: Text{En: "Survey by a small uncrewed aircraft at Mesa de Otay", Es: "Reconocimiento con aeronave no tripulada en Mesa de Otay"},
			body: Text{En: "One aircraft looks for sinking ground above known tunnels, by day. Illustrative text.",
				Es: "Una aeronave busca hundimientos del terreno sobre túneles conocidos, de día. Texto ilustrativo."},
			conditions: []string{"accompanied", "reporting"}, shape: territory.At(place("32.5300", "-116.9600"), 700),
			stopped: Text{En: "The airspace permit was not granted for that week. Propose another week. Illustrative text.",
				Es: "No se otorgó el permiso de vuelo para esa semana. Propóngase otra. Texto ilustrativo."}},
	}
}

// actions plans what the parties do at places.
func (s *story) actions() {
	for i, x := range fieldworks() {
		s.at(x.day, 970+i, "action "+string(x.key), func(ctx context.Context) error {
			t := entente.Action{Lead: x.by, From: s.end + int64(x.from)*day, To: s.end + int64(x.to)*day, Conditions: x.conditions, LowM: x.low, HighM: x.high}
			parts := append(Document{x.title, x.body}.parts(), node.NewPart{Name: entente.ShapePart, Content: x.shape.GeoJSON()})
			a := node.Act{Group: s.id, Kind: "action", Verb: record.Propose, Line: x.line, Nature: record.Arrangement, Terms: terms(t), Parts: parts}
			if x.alone {
				a.Participants = []record.Party{x.by}
			}
			v, err := s.act(ctx, s.g, x.by, a)
			if err != nil {
				return err
			}
			s.ids[x.key] = v.ID
			if x.alone {
				_, err = s.consent(ctx, "action", v.ID, x.by)
				return err
			}
			if x.agreed {
				return s.agree(ctx, "action", v.ID, x.by)
			}
			_, err = s.consent(ctx, "action", v.ID, x.by)
			return err
		})
		if x.stopped.En == "" {
			continue
		}
		s.at(x.day+3, 970+i, "stop of action "+string(x.key), func(ctx context.Context) error {
			_, err := s.act(ctx, s.g, s.other(x.by), node.Act{Group: s.id, Kind: "action", Verb: record.Withdraw, Version: s.ids[x.key], Parts: x.stopped.parts("body")})
			return err
		})
	}
}
