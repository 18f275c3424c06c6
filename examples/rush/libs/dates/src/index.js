const feasts = {/* FEASTS */};
const two = (n) => String(n).padStart(2, '0');

exports.leap = (year) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
exports.days = (year, month) => [31, exports.leap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
// 0 is Monday. Sakamoto's method.
exports.weekday = (year, month, day) => {
  const y = month < 3 ? year - 1 : year;
  const shift = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4][month - 1];
  return (y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + shift + day + 6) % 7;
};
exports.feast = (month, day) => feasts[`${two(month)}-${two(day)}`];
