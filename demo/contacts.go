package demo

import (
	"context"

	"entente"
	"entente/node"
	"entente/record"
)

const hour = 3600

// meeting of officials with agents of the other side, as the example logs it: fictitious.
type logged struct {
	key           Key
	by, agents    record.Party
	authorisation string
	title, place  Text
	body          Text
	present       Text
	accompanied   Text
	ended         int // days from now
	day           int // logged
	held          bool
}

func contacts() []logged {
	return []logged{
		{key: "k-in-time", by: "MX", agents: "US", authorisation: "SRE-2026-0117", held: true, ended: -12, day: -10,
			title: Text{En: "Exchange on tracing of recovered firearms", Es: "Intercambio sobre rastreo de armas recuperadas"}, place: Text{En: "Mexico City, offices of the prosecution service", Es: "Ciudad de México, oficinas de la fiscalía"},
			body:        Text{En: "Backlog of trace requests and the form in which serial numbers are sent. Illustrative text.", Es: "Rezago de solicitudes de rastreo y formato en que se envían los números de serie. Texto ilustrativo."},
			present:     Text{En: "Prosecution service; foreign ministry; firearms attaché of the embassy", Es: "Fiscalía; cancillería; agregaduría de armas de la embajada"},
			accompanied: Text{En: "Foreign ministry", Es: "Cancillería"}},
		{key: "k-late", by: "MX", agents: "US", authorisation: "SRE-2026-0109", held: true, ended: -21, day: -15,
			title: Text{En: "Visit to the fuel laboratory", Es: "Visita al laboratorio de combustibles"}, place: Text{En: "Tampico, customs laboratory", Es: "Tampico, laboratorio aduanero"},
			body:        Text{En: "How samples are taken and sealed. Illustrative text.", Es: "Toma y sellado de muestras. Texto ilustrativo."},
			present:     Text{En: "Customs agency; customs attaché of the embassy", Es: "Agencia aduanera; agregaduría aduanal de la embajada"},
			accompanied: Text{En: "Navy", Es: "Marina"}},
		{key: "k-planned", by: "MX", agents: "US", authorisation: "SRE-2026-0124", ended: -1, day: -4,
			title: Text{En: "Working visit to the tunnel task force", Es: "Visita de trabajo al grupo de túneles"}, place: Text{En: "Tijuana", Es: "Tijuana"},
			present: Text{En: "Navy; tunnel unit of the other side", Es: "Marina; unidad de túneles de la contraparte"}},
	}
}

// contacts plans what officials log of the other side's agents, and one incident. They stand in the group of the security track.
func (s *story) contacts() {
	for i, x := range contacts() {
		s.at(x.day, 985+i, "contact "+string(x.key), func(ctx context.Context) error {
			to := s.end + int64(x.ended)*day - 4*hour
			t := entente.Contact{Agents: []record.Party{x.agents}, From: to - 2*hour, To: to, Held: x.held}
			own := &record.Marking{TLP: record.AmberStrict, Originator: x.by}
			var parts []node.NewPart
			for name, v := range map[string]Text{"title": x.title, "body": x.body, "place": x.place, "present": x.present, "accompanied": x.accompanied} {
				for lang, words := range map[string]string{"en": v.En, "es": v.Es} {
					if words != "" {
						parts = append(parts, node.NewPart{Name: name + "." + lang, Content: []byte(words), Marking: own})
					}
				}
			}
			parts = append(parts, node.NewPart{Name: entente.AuthorisationPart, Content: []byte(x.authorisation), Marking: own})
			v, err := s.act(ctx, s.g, x.by, node.Act{Group: s.id, Kind: entente.ContactKind, Verb: record.Report, Terms: terms(t), Parts: parts})
			if err == nil {
				s.ids[x.key] = v.ID
			}
			return err
		})
	}
	s.at(-3, 989, "incident", func(ctx context.Context) error {
		t := entente.Incident{Where: "MX", At: s.end - 5*day, Severity: "serious", Attributed: "US"}
		text := Document{Text{En: "Survey aircraft over Baja California without an authorization on record", Es: "Aeronave de reconocimiento sobre Baja California sin autorización que conste"},
			Text{En: "An aircraft was seen for twenty minutes south of the line. No action or authorization for it is on record. Illustrative text.",
				Es: "Se observó una aeronave durante veinte minutos al sur de la línea. No consta acción ni autorización. Texto ilustrativo."}}
		_, err := s.act(ctx, s.g, "MX", node.Act{Group: s.id, Kind: entente.IncidentKind, Verb: record.Report, Terms: terms(t), Parts: text.parts()})
		return err
	})
}
