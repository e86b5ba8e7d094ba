// Card numbers, expiry and code as they are typed: grouped, recognised, and what is wrong with them.

const BRANDS = [
  { name: "American Express", heads: /^3[47]/, groups: [4, 6, 5], lengths: [15, 15], code: 4 },
  { name: "Diners Club", heads: /^36/, groups: [4, 6, 4], lengths: [14, 14], code: 3 },
  { name: "Diners Club", heads: /^3(0|8|9)/, groups: [4, 4, 4, 4], lengths: [14, 16], code: 3 },
  { name: "JCB", heads: /^35/, groups: [4, 4, 4, 4], lengths: [16, 16], code: 3 },
  { name: "Discover", heads: /^6(011|4[4-9]|5)/, groups: [4, 4, 4, 4], lengths: [16, 16], code: 3 },
  { name: "UnionPay", heads: /^62/, groups: [4, 4, 4, 4, 3], lengths: [16, 19], code: 3 },
  { name: "Mastercard", heads: /^(5[1-5]|2[2-7])/, groups: [4, 4, 4, 4], lengths: [16, 16], code: 3 },
  { name: "Visa", heads: /^4/, groups: [4, 4, 4, 4], lengths: [16, 16], code: 3 },
];
const UNKNOWN = { name: "", heads: /^/, groups: [4, 4, 4, 4, 3], lengths: [12, 19], code: 3 };
const FURTHEST_YEARS = 50;

export function digits(text) {
  return text.replace(/\D/g, "");
}

export function brandOf(number) {
  return BRANDS.find(({ heads }) => heads.test(number)) || UNKNOWN;
}

export function groupedNumber(text) {
  const number = digits(text);
  const { groups, lengths } = brandOf(number);
  const parts = [];
  let at = 0;
  for (const size of groups) {
    parts.push(number.slice(at, Math.min(at + size, lengths[1])));
    at += size;
  }
  return parts.filter(Boolean).join(" ");
}

// A month may be one digit when that says it: `7`, `1/`, `13` (January, and a year begun). Years have two digits or four.
export function groupedExpiry(text) {
  const isShort = /^\s*([2-9]|1\s*\/|1[3-9]\d{0,2}\s*$)/.test(text);
  const typed = (isShort ? "0" : "") + digits(text);
  const [month, year] = [typed.slice(0, 2), typed.slice(2, typed.slice(2, 4) === "20" ? 6 : 4)];
  return year || /\d\s*\/\s*$/.test(text) ? `${month} / ${year}` : month;
}

export function groupedCode(text, number) {
  return digits(text).slice(0, number ? brandOf(digits(number)).code : 4);
}

// {exp_month, exp_year} of what the field shows, null while it is incomplete.
export function readExpiry(text) {
  const typed = digits(text);
  if (typed.length !== 4 && typed.length !== 6) return null;
  const year = Number(typed.slice(2));
  return { exp_month: Number(typed.slice(0, 2)), exp_year: typed.length === 4 ? 2000 + year : year };
}

export function wrongNumber(text) {
  const number = digits(text);
  if (number.length < brandOf(number).lengths[0])
    return { code: "incomplete_number", message: "Your card number is incomplete." };
  return passesLuhn(number) ? null : { code: "invalid_number", message: "Your card number is invalid." };
}

// `today` is {year, month} by the sandbox's clock.
export function wrongExpiry(text, today) {
  const found = readExpiry(text);
  if (!found) return { code: "incomplete_expiry", message: "Your card's expiration date is incomplete." };
  const { exp_month: month, exp_year: year } = found;
  if (month < 1 || month > 12)
    return { code: "invalid_expiry_month", message: "Your card's expiration date is invalid." };
  if (year < today.year)
    return { code: "invalid_expiry_year_past", message: "Your card's expiration year is in the past." };
  if (year > today.year + FURTHEST_YEARS)
    return { code: "invalid_expiry_year", message: "Your card's expiration year is invalid." };
  if (year === today.year && month < today.month)
    return { code: "invalid_expiry_month_past", message: "Your card's expiration date is in the past." };
  return null;
}

export function wrongCode(text, number) {
  if (digits(text).length === brandOf(digits(number)).code) return null;
  return { code: "incomplete_cvc", message: "Your card's security code is incomplete." };
}

// The check digit of ISO/IEC 7812.
function passesLuhn(number) {
  const total = [...number].reverse().reduce((sum, digit, place) => {
    const doubled = Number(digit) * (place % 2 ? 2 : 1);
    return sum + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return total % 10 === 0;
}
