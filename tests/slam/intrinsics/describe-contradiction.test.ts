import { describe, expect, it } from 'vitest';
import { describeContradiction } from '../../../src/slam/intrinsics/describe-contradiction.js';

const GIVEN = { width: 848, height: 480, fx: 616, fy: 616, cx: 424, cy: 240 };
const FITS = { fx: 427.3, fy: 425.1, cx: 371.2, cy: 243 };

describe('a contradiction of intrinsics', () => {
  it('names what fits, to what is known of it, and what was given', () => {
    const wrong = { focal: true, ratio: false, centre: false };
    const { notice, reason } = describeContradiction('front', GIVEN, FITS, wrong);
    expect(notice).toContain("camera 'front'");
    expect(notice).toContain('a focal length of about 430 pixels fits, not 616;');
    expect(notice).not.toContain('principal point');
    expect(reason).toContain("The camera's focal length contradicts the motion");
  });

  it('names several', () => {
    const { notice, reason } = describeContradiction('front', GIVEN, FITS, {
      focal: true,
      ratio: true,
      centre: true,
    });
    expect(notice).toContain('focal lengths of about 430 and 430 pixels fit, not 616 and 616, a principal point of about (370, 240) fits, not (424, 240)'); // prettier-ignore
    expect(reason).toContain("The camera's intrinsics contradict the motion");
  });

  it('names the centre alone', () => {
    const { reason } = describeContradiction('front', GIVEN, FITS, {
      focal: false,
      ratio: false,
      centre: true,
    });
    expect(reason).toContain('principal point contradicts');
  });
});
