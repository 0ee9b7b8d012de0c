package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"entente"
	"entente/node"
	"entente/record"
)

func (s *stage) prove(ctx context.Context, x *story, id record.ID, res *Result, tick func(string)) error {
	if id.IsZero() {
		return errors.New("the example settled no commitment")
	}
	side := s.sides[s.order[0]]
	office, err := signer(x.g, side.id, &record.Header{Kind: "commitment"})
	if err != nil {
		return err
	}
	b, err := side.node.Evidence(ctx, node.Caller{Office: string(office.Key), Via: "export"}, x.id, id, nil)
	if err != nil {
		return fmt.Errorf("export evidence: %w", err)
	}
	res.Evidence.File = filepath.Join(s.dir, "commitment.evidence")
	if err := os.WriteFile(res.Evidence.File, b, 0o600); err != nil {
		return err
	}
	tick("evidence exported")
	e, err := entente.ParseEvidence(b)
	if err != nil {
		return fmt.Errorf("read the evidence again: %w", err)
	}
	v := e.Verify(entente.VerifyOptions{Kinds: entente.Standard(), Now: s.clock.Load()})
	res.Evidence.Verified, res.Evidence.Grade = v.Valid, v.Grade
	tick("evidence verified")
	return nil
}
