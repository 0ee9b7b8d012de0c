package web

import (
	"fmt"

	"entente"
	"entente/node"
	"entente/record"
)

// proof is how strong the file to keep is now, and what checks it.
type proof struct {
	Grade   string // signed, witnessed or settled, as the file's own check will say
	File    string
	Command string
	Version record.ID // whose number people compare by voice
}

// proofOf grades without making the file: settled by the state; witnessed where every party holds a copy of what this one wrote.
func (w *Web) proofOf(r *request, d *node.Detail) (proof, error) {
	p := proof{Grade: entente.GradeWitnessed, File: r.group.Href("i", d.State.Instrument.String(), "evidence"), Version: titled(d.State)}
	p.Command = "entente verify " + evidenceName(r.group, d.State.Instrument)
	if f := d.State.InForce(); f != nil && f.Settled {
		p.Grade = entente.GradeSettled
		return p, nil
	}
	peers, err := w.node.PeerList(r.Context(), r.who)
	if err != nil {
		return p, err
	}
	for _, x := range d.Records {
		for _, q := range peers {
			if x.Header.Party == w.node.Party() && q.Group == r.group.ID && x.Header.Index >= q.Acked {
				p.Grade = entente.GradeSigned
			}
		}
	}
	return p, nil
}

func evidenceName(g *group, id record.ID) string {
	return "entente-" + g.Chart.Track + "-" + id.Short() + ".evidence"
}

// evidence is the proof to keep or hand over.
func (w *Web) evidence(r *request) (answer, error) {
	id, err := record.ParseID(r.PathValue("id"))
	if err != nil {
		return nil, fmt.Errorf("record: %w", node.ErrNotFound)
	}
	var parts []string
	if r.URL.Query().Get("parts") == "none" { // where the sections are too long for one file, or are not for who gets it
		parts = []string{}
	}
	b, err := w.node.Evidence(r.Context(), r.who, r.group.ID, id, parts)
	if err != nil {
		return nil, err
	}
	return file{name: evidenceName(r.group, id), mime: "application/octet-stream", content: b}, nil
}
