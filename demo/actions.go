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
	}
}

// actions plans what the parties do at places.
func (s *story) actions() {
	for i, x := range fieldworks() {
		s.at(x.day, 970+i, "action "+string(x.key), func(ctx context.Context) error {
			t := entente.Action{Lead: x.by, From: s.end + int64(x.from)*day, To: s.end + int64(x.to)*day, Conditions: x.conditions}
			parts := append(Document{x.title, x.body}.parts(), node.NewPart{Name: entente.ShapePart, Content: x.shape.GeoJSON()})
			v, err := s.act(ctx, s.g, x.by, node.Act{Group: s.id, Kind: "action", Verb: record.Propose, Line: x.line, Nature: record.Arrangement, Terms: terms(t), Parts: parts})
			if err != nil {
				return err
			}
			s.ids[x.key] = v.ID
			if x.agreed {
				return s.agree(ctx, "action", v.ID, x.by)
			}
			_, err = s.consent(ctx, "action", v.ID, x.by)
			return err
		})
	}
}
