/** What the API server checks in a label selector: ValidateLabelSelector, apimachinery/pkg/apis/meta/v1/validation. */
import { type FieldError, forbidden, invalid, type Path, required } from './field-error.ts';
import type { LabelSelector, SelectorRequirement } from './manifest-types.ts';
import { validateLabels } from './meta.ts';
import { qualifiedName } from './names.ts';

export function validateSelector({ matchLabels, matchExpressions }: LabelSelector, path: Path): readonly FieldError[] {
  return [
    ...validateLabels(matchLabels ?? {}, [...path, 'matchLabels']),
    ...(matchExpressions ?? []).flatMap((one, index) => validateRequirement(one, [...path, 'matchExpressions', index])),
  ];
}

function validateRequirement(requirement: SelectorRequirement, path: Path): readonly FieldError[] {
  const { key = '', operator = '', values = [] } = requirement;
  const errors: FieldError[] = [];
  const valuesPath = [...path, 'values'];
  if (operator === 'In' || operator === 'NotIn') {
    const detail = "must be specified when `operator` is 'In' or 'NotIn'";
    if (values.length === 0) errors.push(required(valuesPath, detail));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
    if (values.length > 0) errors.push(forbidden(valuesPath, detail));
  } else errors.push(invalid([...path, 'operator'], operator, 'not a valid selector operator'));
  return [...errors, ...qualifiedName(key).map((why) => invalid([...path, 'key'], key, why))];
}
